// SPDX-License-Identifier: Apache-2.0
// The classes of a partner's answers to try, confirm and cancel, and the vote or acknowledgement
// that each means.
//
// An adapter only classifies an answer, or the lack of one; the tables here are the only place that
// turns a class into an action of the protocol. docs/protocol.md, "Answers of TCC partners", shows
// the tables, and a test compares them.
// Source: Pardon & Pautasso 2014 (REST and TCC); RFC 9110 section 15 (status codes).
#pragma once

#include <cstdint>

#include "core/types.h"

namespace assent::tcc {

enum class Answer : uint8_t {
  kDone,     // 2xx except 202
  kRefused,  // 409, 422
  kWorking,  // 202, 425: this or another attempt is being processed
  kLater,    // 429, 503
  kNever,    // 400, 401, 403, 404, 405: the partner rejects such a request every time
  kUnknown,  // no answer, any other status, a redirect, a malformed, oversized or cut-off answer
  kNotSent   // no byte of the request left this process
};
inline constexpr int kAnswers = 7;

const char* Name(Answer answer);  // "done", "refused", …

// The class of an HTTP status. An invalid status (below 100, above 599) is unknown.
Answer AnswerOf(int status);

struct TryMeaning {
  // False: the vote counts immediately. True: the try is repeated until the deadline; if that
  // passes, the vote counts.
  bool ask_again;
  core::Vote vote;
  bool cancel_needed;  // the partner may hold a reservation now or later: if the transaction does
                       // not commit, a cancel is sent
  bool may_retry;      // the client may try again under a new gid
};
// `sent_before`: an earlier attempt at this try may have left this process; assumed after a
// restart. Without an earlier attempt a refusal is final. With one, that attempt may still be in
// flight and succeed later.
TryMeaning MeaningOfTry(Answer answer, bool sent_before);

struct AckMeaning {
  core::Ack ack;        // done or unknown: phase two never gives up and never reverses
  bool needs_operator;  // refused; it is sent again anyway
};
// The same for confirm and cancel.
AckMeaning MeaningOfPhaseTwo(Answer answer);

}  // namespace assent::tcc
