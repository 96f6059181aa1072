// SPDX-License-Identifier: Apache-2.0
// The tables of a TCC partner's answers, cell by cell, and the page that shows them.
#include "tcc/answers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tcc/operation.h"

namespace assent::tcc {
namespace {

using core::Ack;
using core::Vote;

std::vector<Answer> AllAnswers() {
  std::vector<Answer> all;
  for (int i = 0; i < kAnswers; ++i) all.push_back(static_cast<Answer>(i));
  return all;
}

TEST(Statuses, OfEveryGroupHaveOneClass) {
  for (int status = -1; status <= 700; ++status) {
    Answer expected = Answer::kUnknown;
    if (status >= 200 && status <= 299) expected = Answer::kDone;
    switch (status) {
      case 202:
      case 425: expected = Answer::kWorking; break;
      case 409:
      case 422: expected = Answer::kRefused; break;
      case 429:
      case 503: expected = Answer::kLater; break;
      case 400:
      case 401:
      case 403:
      case 404:
      case 405: expected = Answer::kNever; break;
      default: break;
    }
    EXPECT_EQ(AnswerOf(status), expected) << status;
  }
}

TEST(TryAnswers, OnlyDoneIsAYes) {
  for (bool sent_before : {false, true}) {
    for (Answer answer : AllAnswers()) {
      EXPECT_EQ(MeaningOfTry(answer, sent_before).vote == Vote::kPrepared, answer == Answer::kDone)
          << Name(answer);
    }
  }
}

TEST(TryAnswers, ARefusalOfTheOnlyAttemptNeedsNoCancelAndOfALaterOneDoes) {
  EXPECT_EQ(MeaningOfTry(Answer::kRefused, false).vote, Vote::kRefused);
  EXPECT_FALSE(MeaningOfTry(Answer::kRefused, false).cancel_needed);
  EXPECT_EQ(MeaningOfTry(Answer::kRefused, true).vote, Vote::kRefused);
  EXPECT_TRUE(MeaningOfTry(Answer::kRefused, true).cancel_needed);
}

TEST(TryAnswers, ATryThatMayHaveArrivedIsCancelled) {
  for (Answer answer : AllAnswers()) {
    const bool heard_nothing = answer == Answer::kNotSent || answer == Answer::kRefused;
    EXPECT_EQ(MeaningOfTry(answer, false).cancel_needed, !heard_nothing) << Name(answer);
    EXPECT_TRUE(MeaningOfTry(answer, true).cancel_needed) << Name(answer);
  }
}

TEST(TryAnswers, AreRetriedUnlessTheyAreDefinite) {
  for (bool sent_before : {false, true}) {
    for (Answer answer : AllAnswers()) {
      const bool definite =
          answer == Answer::kDone || answer == Answer::kRefused || answer == Answer::kNever;
      EXPECT_EQ(MeaningOfTry(answer, sent_before).ask_again, !definite) << Name(answer);
      // A temporary problem may be over at the client's next attempt too.
      EXPECT_EQ(MeaningOfTry(answer, sent_before).may_retry, !definite) << Name(answer);
    }
  }
}

TEST(TryAnswers, SilenceIsUnknownNotRefused) {
  EXPECT_EQ(MeaningOfTry(Answer::kUnknown, false).vote, Vote::kUnknown);
  EXPECT_EQ(MeaningOfTry(Answer::kNotSent, true).vote, Vote::kUnknown);
  EXPECT_EQ(MeaningOfTry(Answer::kNotSent, false).vote, Vote::kRefused)
      << "the partner does not know of it";
}

TEST(PhaseTwoAnswers, AreDoneOrRetriedAndNeverReversed) {
  for (Answer answer : AllAnswers()) {
    EXPECT_EQ(MeaningOfPhaseTwo(answer).ack, answer == Answer::kDone ? Ack::kDone : Ack::kUnknown)
        << Name(answer);
  }
}

TEST(PhaseTwoAnswers, ARefusalNeedsAnOperator) {
  for (Answer answer : AllAnswers()) {
    EXPECT_EQ(MeaningOfPhaseTwo(answer).needs_operator,
              answer == Answer::kRefused || answer == Answer::kNever)
        << Name(answer);
  }
}

TEST(Operations, HaveAKeyAndAUrlEach) {
  const Key key{core::Gtrid::Make("12345678", 1, "abc", 7), "voucher"};
  EXPECT_EQ(key.Idempotency(Operation::kTry), key.gtrid.ToHex() + "/voucher/try");
  EXPECT_EQ(key.Idempotency(Operation::kConfirm), key.gtrid.ToHex() + "/voucher/confirm");
  EXPECT_EQ(key.Idempotency(Operation::kCancel), key.gtrid.ToHex() + "/voucher/cancel");
  const Urls urls = Urls::FromBase("http://127.0.0.1:9101/vouchers/");
  EXPECT_EQ(urls.Of(Operation::kTry), "http://127.0.0.1:9101/vouchers/try");
  EXPECT_EQ(urls.Of(Operation::kConfirm), "http://127.0.0.1:9101/vouchers/confirm");
  EXPECT_EQ(urls.Of(Operation::kCancel), "http://127.0.0.1:9101/vouchers/cancel");
  EXPECT_EQ(urls, Urls::FromBase("http://127.0.0.1:9101/vouchers"));
  EXPECT_EQ(Urls::FromBase("http://h?game=a/b/").try_url, "http://h/try?game=a/b/");
}

// ---- docs/protocol.md --------------------------------------------------------------------------

std::string TryCell(const TryMeaning& meaning) {
  std::string text = meaning.ask_again ? "again until the deadline, then " : "";
  text += meaning.vote == Vote::kPrepared  ? "prepared"
          : meaning.vote == Vote::kRefused ? "refused"
                                           : "*unknown*";
  if (meaning.vote != Vote::kPrepared) text += meaning.cancel_needed ? "; cancel" : "; no cancel";
  if (meaning.may_retry) text += "; `may_retry`";
  return text;
}

std::string PhaseTwoCell(const AckMeaning& meaning) {
  if (meaning.ack == Ack::kDone) return "done";
  return meaning.needs_operator ? "ask again; *needs operator*" : "ask again";
}

// The page has the rows that the tables make, word for word and in order.
TEST(Page, ShowsTheTables) {
  const char* root = std::getenv("ASSENT_SOURCE_DIR");
  ASSERT_NE(root, nullptr) << "run it through ctest";
  std::ifstream file(std::string(root) + "/docs/protocol.md");
  std::stringstream page;
  page << file.rdbuf();
  std::string rows;
  for (Answer answer : AllAnswers()) {
    rows += std::string("| ") + Name(answer) + " | " + TryCell(MeaningOfTry(answer, false)) +
            " | " + TryCell(MeaningOfTry(answer, true)) + " | " +
            PhaseTwoCell(MeaningOfPhaseTwo(answer)) + " |\n";
  }
  EXPECT_NE(page.str().find(rows), std::string::npos) << "docs/protocol.md should have\n" << rows;
}

}  // namespace
}  // namespace assent::tcc
