// SPDX-License-Identifier: Apache-2.0
#include "tcc/answers.h"

#include "base/check.h"

namespace assent::tcc {
namespace {

using core::Ack;
using core::Vote;

struct StatusRow {
  int first, last;
  Answer answer;
};
// The first row with the status applies. No row: unknown.
constexpr StatusRow kStatuses[] = {
    {202, 202, Answer::kWorking}, {200, 299, Answer::kDone},    {400, 401, Answer::kNever},
    {403, 405, Answer::kNever},   {409, 409, Answer::kRefused}, {422, 422, Answer::kRefused},
    {425, 425, Answer::kWorking}, {429, 429, Answer::kLater},   {503, 503, Answer::kLater},
};

struct TryRow {
  Answer answer;
  TryMeaning first;  // nothing was sent before
  TryMeaning later;  // an earlier attempt was
};
// ask_again, vote, cancel_needed, may_retry
constexpr TryRow kTry[kAnswers] = {
    {Answer::kDone, {false, Vote::kPrepared, true, false}, {false, Vote::kPrepared, true, false}},
    {Answer::kRefused, {false, Vote::kRefused, false, false}, {false, Vote::kRefused, true, false}},
    {Answer::kWorking, {true, Vote::kUnknown, true, true}, {true, Vote::kUnknown, true, true}},
    {Answer::kLater, {true, Vote::kUnknown, true, true}, {true, Vote::kUnknown, true, true}},
    {Answer::kNever, {false, Vote::kRefused, true, false}, {false, Vote::kRefused, true, false}},
    {Answer::kUnknown, {true, Vote::kUnknown, true, true}, {true, Vote::kUnknown, true, true}},
    // The partner knows nothing of the try, unless an earlier attempt arrived.
    {Answer::kNotSent, {true, Vote::kRefused, false, true}, {true, Vote::kUnknown, true, true}},
};

struct AckRow {
  Answer answer;
  AckMeaning meaning;
};
constexpr AckRow kPhaseTwo[kAnswers] = {
    {Answer::kDone, {Ack::kDone, false}},       {Answer::kRefused, {Ack::kUnknown, true}},
    {Answer::kWorking, {Ack::kUnknown, false}}, {Answer::kLater, {Ack::kUnknown, false}},
    {Answer::kNever, {Ack::kUnknown, true}},    {Answer::kUnknown, {Ack::kUnknown, false}},
    {Answer::kNotSent, {Ack::kUnknown, false}},
};

// The row of an answer; both tables are in the order of the answers.
template <typename Row>
const Row& RowOf(const Row (&table)[kAnswers], Answer answer) {
  const auto index = static_cast<size_t>(answer);
  CHECK(index < kAnswers && table[index].answer == answer) << "no row for this answer";
  return table[index];
}

}  // namespace

const char* Name(Answer answer) {
  switch (answer) {
    case Answer::kDone: return "done";
    case Answer::kRefused: return "refused";
    case Answer::kWorking: return "working";
    case Answer::kLater: return "later";
    case Answer::kNever: return "never";
    case Answer::kUnknown: return "unknown";
    case Answer::kNotSent: return "not sent";
  }
  return "?";
}

Answer AnswerOf(int status) {
  for (const StatusRow& row : kStatuses) {
    if (status >= row.first && status <= row.last) return row.answer;
  }
  return Answer::kUnknown;
}

TryMeaning MeaningOfTry(Answer answer, bool sent_before) {
  const TryRow& row = RowOf(kTry, answer);
  return sent_before ? row.later : row.first;
}

AckMeaning MeaningOfPhaseTwo(Answer answer) { return RowOf(kPhaseTwo, answer).meaning; }

}  // namespace assent::tcc
