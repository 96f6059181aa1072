#include "participants/http/limiter.h"

#include <gtest/gtest.h>

namespace assent::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = Limiter::Verdict;

class LimiterTest : public testing::Test {
 protected:
  static LimiterOptions Options() {
    LimiterOptions options;
    options.max_in_flight = 2;
    options.max_overdue = 1;
    return options;
  }
  Limiter::Admission Admit(Lane lane) { return limiter_.Admit(lane, now_, now_); }
  void Ended(Lane lane, Limiter::Result result, bool probe = false, Duration after = Duration(0)) {
    limiter_.Ended(lane, probe, result, after, now_, 0);
  }
  void FailTries(int count) {
    for (int i = 0; i < count; ++i) {
      const auto admission = Admit(Lane::kTry);
      ASSERT_EQ(admission.verdict, Verdict::kGo);
      Ended(Lane::kTry, Limiter::Result::kFailed, admission.probe);
    }
  }
  void Pass(Duration time) { now_ = now_ + time; }

  Limiter limiter_{Options()};
  Monotonic now_{1'000'000'000'000};
};

TEST_F(LimiterTest, BoundsEachLaneByItself) {
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kWait);
  EXPECT_EQ(Admit(Lane::kPhaseTwo).verdict, Verdict::kGo) << "tries do not hold phase two back";
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
}

TEST_F(LimiterTest, BacksOffAfterFailuresInARow) {
  FailTries(2);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  FailTries(2);
  EXPECT_FALSE(limiter_.IsBackingOff()) << "an answer begins a new row";
  FailTries(1);
  EXPECT_TRUE(limiter_.IsBackingOff());
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kTurnAway);
  EXPECT_EQ(Admit(Lane::kPhaseTwo).verdict, Verdict::kWait);
  EXPECT_EQ(limiter_.Left(now_), milliseconds(100));
}

TEST_F(LimiterTest, ProbesWithOneCallAndGoesOnAfterItsAnswer) {
  FailTries(3);
  Pass(milliseconds(100));
  const auto probe = Admit(Lane::kTry);
  EXPECT_EQ(probe.verdict, Verdict::kGo);
  EXPECT_TRUE(probe.probe);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kTurnAway) << "one probe at a time";
  EXPECT_EQ(Admit(Lane::kPhaseTwo).verdict, Verdict::kWait);
  Ended(Lane::kTry, Limiter::Result::kAnswered, true);
  EXPECT_FALSE(limiter_.IsBackingOff());
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
}

TEST_F(LimiterTest, DoublesTheBackOffWithEachProbeThatFails) {
  FailTries(3);
  Duration expected = milliseconds(100);
  for (int i = 0; i < 12; ++i) {
    Pass(expected);
    const auto probe = Admit(Lane::kPhaseTwo);
    ASSERT_TRUE(probe.probe);
    Ended(Lane::kPhaseTwo, Limiter::Result::kFailed, true);
    expected = std::min<Duration>(expected * 2, seconds(30));
    EXPECT_EQ(limiter_.back_off(), expected);
  }
}

TEST_F(LimiterTest, CountsCallsThatFailTogetherOnce) {
  FailTries(1);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  ASSERT_EQ(Admit(Lane::kPhaseTwo).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kFailed);
  Ended(Lane::kTry, Limiter::Result::kFailed);
  Ended(Lane::kPhaseTwo, Limiter::Result::kFailed);
  EXPECT_EQ(limiter_.back_off(), milliseconds(100));
}

TEST_F(LimiterTest, HoldsNoPhaseTwoBackBeyondTheCap) {
  FailTries(3);
  const Monotonic since = now_;
  // A probe that hangs.
  Pass(milliseconds(100));
  ASSERT_TRUE(limiter_.Admit(Lane::kTry, now_, now_).probe);
  EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kWait);
  EXPECT_EQ(limiter_.AskAgainAt(since), since + seconds(30));
  now_ = since + seconds(30);
  const auto overdue = limiter_.Admit(Lane::kPhaseTwo, since, now_);
  EXPECT_EQ(overdue.verdict, Verdict::kGo);
  EXPECT_FALSE(overdue.probe);
  EXPECT_EQ(limiter_.Admit(Lane::kTry, since, now_).verdict, Verdict::kTurnAway);
  // max_in_flight and max_overdue together.
  Pass(milliseconds(20));
  EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kGo);
  Pass(milliseconds(20));
  EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kGo);
  Pass(milliseconds(20));
  EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kWait);
}

TEST_F(LimiterTest, LetsWhatIsOverdueGoOneByOne) {
  FailTries(3);
  const Monotonic since = now_;
  Pass(milliseconds(100));
  ASSERT_TRUE(Admit(Lane::kTry).probe);
  now_ = since + seconds(30);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kGo);
    EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kWait);
    EXPECT_EQ(limiter_.AskAgainAt(since), now_ + milliseconds(20));
    Pass(milliseconds(20));
  }
  Ended(Lane::kTry, Limiter::Result::kAnswered, true);
  ASSERT_FALSE(limiter_.IsBackingOff());
  Pass(-Duration(milliseconds(20)));
  EXPECT_EQ(limiter_.Admit(Lane::kPhaseTwo, since, now_).verdict, Verdict::kGo)
      << "a partner that is back is not paced";
}

TEST_F(LimiterTest, LeavesThePartnerAloneForAsLongAsItAsked) {
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kFailed, false, seconds(7));
  EXPECT_EQ(limiter_.Left(now_), seconds(7));
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kTurnAway) << "another's answer does not cut it";
  Pass(seconds(7));
  EXPECT_TRUE(Admit(Lane::kTry).probe);
}

TEST_F(LimiterTest, ProbesAgainWhereAProbeWasEndedByUs) {
  FailTries(3);
  Pass(milliseconds(100));
  ASSERT_TRUE(Admit(Lane::kTry).probe);
  Ended(Lane::kTry, Limiter::Result::kNothing, true);
  EXPECT_TRUE(limiter_.IsBackingOff());
  EXPECT_TRUE(Admit(Lane::kTry).probe);
}

TEST_F(LimiterTest, SpreadsTheEndOfTheBackOff) {
  FailTries(2);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  limiter_.Ended(Lane::kTry, false, Limiter::Result::kFailed, Duration(0), now_, 49'999'999);
  EXPECT_EQ(limiter_.Left(now_), Duration(50'000'001));
}

}  // namespace
}  // namespace assent::http
