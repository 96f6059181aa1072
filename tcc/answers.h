// SPDX-License-Identifier: Apache-2.0
// A partner's answers to try, confirm and cancel, and what each means as a vote or as an
// acknowledgement.
//
// An adapter sorts whatever came back, or did not, into one of these classes and judges no further;
// the tables here are the only place that turns a class into what the protocol does. The page that
// people read is docs/protocol.md, "Answers of TCC partners"; a test holds it to these tables.
// Source: Pardon & Pautasso 2014 (REST and TCC); RFC 9110 section 15 (status codes).
#pragma once

#include <cstdint>

#include "core/types.h"

namespace assent::tcc {

enum class Answer : uint8_t {
  kDone,     // 2xx but for 202
  kRefused,  // 409, 422
  kWorking,  // 202, 425: it is at it, or another attempt is
  kLater,    // 429, 503
  kNever,    // 400, 401, 403, 404, 405: it will not take such a request, however often it is sent
  kUnknown,  // silence, any other status, a redirect, rubbish, an answer too large or cut off
  kNotSent   // not one byte of the request left this process
};
inline constexpr int kAnswers = 7;

const char* Name(Answer answer);  // "done", "refused", …

// The class of an HTTP status. What is no status at all (below 100, above 599) is unknown.
Answer AnswerOf(int status);

struct TryMeaning {
  // False: the vote counts at once. True: try is sent again until the deadline, and the vote counts
  // when that has passed.
  bool ask_again;
  core::Vote vote;
  bool cancel_needed;  // the partner may hold something, or may yet come to hold it: if the
                       // transaction does not commit, cancel is sent
  bool may_retry;      // tell the client that it may try again under a new gid
};
// `sent_before`: an earlier attempt at this try may have left this process; after a restart it is
// assumed. Without it, a refusal is the whole story; with it, the earlier attempt may still be
// under way and succeed later.
TryMeaning MeaningOfTry(Answer answer, bool sent_before);

struct AckMeaning {
  core::Ack ack;        // done or unknown: an operation of phase two is never given up or turned
  bool needs_operator;  // it was refused; it is sent again all the same
};
// Confirm and cancel alike.
AckMeaning MeaningOfPhaseTwo(Answer answer);

}  // namespace assent::tcc
