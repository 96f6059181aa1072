// SPDX-License-Identifier: Apache-2.0
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
  Limiter& Of(Lane lane) { return lane == Lane::kTry ? tries_ : phase_two_; }
  Limiter::Admission Admit(Lane lane) { return Of(lane).Admit(now_, now_); }
  void Ended(Lane lane, Limiter::Result result, bool probe = false, Duration after = Duration(0)) {
    Of(lane).Ended(probe, result, after, now_, 0);
  }
  void Fail(Lane lane, int count) {
    for (int i = 0; i < count; ++i) {
      const auto admission = Admit(lane);
      ASSERT_EQ(admission.verdict, Verdict::kGo);
      Ended(lane, Limiter::Result::kFailed, admission.probe);
    }
  }
  void Pass(Duration time) { now_ = now_ + time; }

  Limiter tries_{Lane::kTry, Options()}, phase_two_{Lane::kPhaseTwo, Options()};
  Monotonic now_{1'000'000'000'000};
};

TEST_F(LimiterTest, BoundsWhatIsInFlight) {
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kWait);
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
}

TEST_F(LimiterTest, BacksOffAfterFailuresInARow) {
  Fail(Lane::kTry, 2);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  Fail(Lane::kTry, 2);
  EXPECT_FALSE(tries_.IsBackingOff()) << "an answer resets the count";
  Fail(Lane::kTry, 1);
  EXPECT_TRUE(tries_.IsBackingOff());
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kReject);
  EXPECT_EQ(tries_.Left(now_), milliseconds(100));
  Fail(Lane::kPhaseTwo, 3);
  EXPECT_EQ(Admit(Lane::kPhaseTwo).verdict, Verdict::kWait);
}

TEST_F(LimiterTest, ProbesWithOneCallAndGoesOnAfterItsAnswer) {
  Fail(Lane::kTry, 3);
  Pass(milliseconds(100));
  const auto probe = Admit(Lane::kTry);
  EXPECT_EQ(probe.verdict, Verdict::kGo);
  EXPECT_TRUE(probe.probe);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kReject) << "one probe at a time";
  Ended(Lane::kTry, Limiter::Result::kAnswered, true);
  EXPECT_FALSE(tries_.IsBackingOff());
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
}

TEST_F(LimiterTest, DoublesTheBackOffWithEachProbeThatFails) {
  Fail(Lane::kPhaseTwo, 3);
  Duration expected = milliseconds(100);
  for (int i = 0; i < 12; ++i) {
    Pass(expected);
    const auto probe = Admit(Lane::kPhaseTwo);
    ASSERT_TRUE(probe.probe);
    Ended(Lane::kPhaseTwo, Limiter::Result::kFailed, true);
    expected = std::min<Duration>(expected * 2, seconds(30));
    EXPECT_EQ(phase_two_.back_off(), expected);
  }
}

TEST_F(LimiterTest, CountsCallsThatFailTogetherOnce) {
  Fail(Lane::kTry, 2);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kFailed);
  Ended(Lane::kTry, Limiter::Result::kFailed);
  EXPECT_EQ(tries_.back_off(), milliseconds(100));
}

// All calls of phase two failed, and a probe hangs.
class Overdue : public LimiterTest {
 protected:
  void SetUp() override {
    Fail(Lane::kPhaseTwo, 3);
    since_ = now_;
    Pass(milliseconds(100));
    ASSERT_TRUE(Admit(Lane::kPhaseTwo).probe);
  }
  Verdict AdmitOld() { return phase_two_.Admit(since_, now_).verdict; }
  Monotonic since_;
};

TEST_F(Overdue, GoesRegardlessOfTheLimitersState) {
  EXPECT_EQ(AdmitOld(), Verdict::kWait);
  EXPECT_EQ(phase_two_.AskAgainAt(since_), since_ + seconds(30));
  now_ = since_ + seconds(30);
  const auto overdue = phase_two_.Admit(since_, now_);
  EXPECT_EQ(overdue.verdict, Verdict::kGo);
  EXPECT_FALSE(overdue.probe);
  // max_in_flight and max_overdue together, the probe too.
  Pass(milliseconds(20));
  EXPECT_EQ(AdmitOld(), Verdict::kGo);
  Pass(milliseconds(20));
  EXPECT_EQ(AdmitOld(), Verdict::kWait);
}

TEST_F(Overdue, IsPacedDuringABackoff) {
  now_ = since_ + seconds(30);
  EXPECT_EQ(AdmitOld(), Verdict::kGo);
  EXPECT_EQ(AdmitOld(), Verdict::kWait);
  EXPECT_EQ(phase_two_.AskAgainAt(since_), now_ + milliseconds(20));
  Ended(Lane::kPhaseTwo, Limiter::Result::kAnswered, true);
  ASSERT_FALSE(phase_two_.IsBackingOff());
  EXPECT_EQ(AdmitOld(), Verdict::kGo) << "no pacing after the partner has recovered";
}

TEST_F(LimiterTest, HonorsRetryAfter) {
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  Ended(Lane::kTry, Limiter::Result::kFailed, false, seconds(7));
  EXPECT_EQ(tries_.Left(now_), seconds(7));
  Ended(Lane::kTry, Limiter::Result::kAnswered);
  EXPECT_EQ(Admit(Lane::kTry).verdict, Verdict::kReject)
      << "the answer to another call does not shorten it";
  Pass(seconds(7));
  EXPECT_TRUE(Admit(Lane::kTry).probe);
}

TEST_F(LimiterTest, ProbesAgainWhereAProbeWasEndedByUs) {
  Fail(Lane::kTry, 3);
  Pass(milliseconds(100));
  ASSERT_TRUE(Admit(Lane::kTry).probe);
  Ended(Lane::kTry, Limiter::Result::kNothing, true);
  EXPECT_TRUE(tries_.IsBackingOff());
  EXPECT_TRUE(Admit(Lane::kTry).probe);
}

TEST_F(LimiterTest, SpreadsTheEndOfTheBackOff) {
  Fail(Lane::kTry, 2);
  ASSERT_EQ(Admit(Lane::kTry).verdict, Verdict::kGo);
  tries_.Ended(false, Limiter::Result::kFailed, Duration(0), now_, 49'999'999);
  EXPECT_EQ(tries_.Left(now_), Duration(50'000'001));
}

}  // namespace
}  // namespace assent::http
