// SPDX-License-Identifier: Apache-2.0
#include "participants/http/request.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "tcc/retry_after.h"

namespace assent::http {
namespace {

constexpr int64_t kMillisecond = 1'000'000, kSecond = 1'000'000'000;

// No line end and no control character: after one, the client's text could begin another header.
bool IsFieldValue(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void Add(std::string_view name, std::string_view value, std::string* to) {
  to->append("\r\n").append(name).append(": ").append(value);
}

void Add(std::string_view name, int64_t value, std::string* to) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  Add(name, std::string_view(digits, static_cast<size_t>(end - digits)), to);
}

void AddSignature(const tcc::Call& call, WallTime now, const std::vector<signing::Signer>& signers,
                  std::string* to) {
  const std::string id = signing::MessageId(call.key.Idempotency(call.operation));
  const std::string timestamp = std::to_string(now.ns / kSecond);
  std::string signatures;
  for (const signing::Signer& signer : signers) {
    if (!signatures.empty()) signatures += ' ';
    signatures += signer.Sign(id, timestamp, call.payload->bytes);
  }
  Add("webhook-id", id, to);
  Add("webhook-timestamp", timestamp, to);
  Add("webhook-signature", signatures, to);
}

tcc::Completion CompletionOf(const tcc::Call& call) {
  tcc::Completion completion;
  completion.call = call.call;
  completion.operation = call.operation;
  completion.key = call.key;
  return completion;
}

}  // namespace

Result<void> CheckHeaders(const tcc::Call& call) {
  const std::pair<const char*, const std::string*> fields[] = {
      {"gid", &call.gid},
      {"branch name", &call.key.branch},
      {"content type", &call.payload->content_type},
      {"coordinator address", &call.coordinator},
      {"traceparent", &call.traceparent}};
  for (const auto& [name, value] : fields) {
    if (IsFieldValue(*value)) continue;
    return Error{ErrorCode::kInvalid, std::string("the ") + name +
                                          " contains a character that is not allowed in a header"};
  }
  return {};
}

std::string RequestHead(const Url& url) {
  std::string head = "POST " + url.target + " HTTP/1.1";
  Add("Host", url.Authority(), &head);
  Add("User-Agent", "Assent", &head);
  return head;
}

void AppendRequest(const tcc::Call& call, std::string_view head, Duration left, WallTime now,
                   const std::vector<signing::Signer>& signers, std::string* to) {
  const std::string& body = call.payload->bytes;
  to->append(head);
  Add("Content-Type", call.payload->content_type, to);
  Add("Content-Length", static_cast<int64_t>(body.size()), to);
  Add("Assent-Transaction", call.key.gtrid.ToHex(), to);
  Add("Assent-Gid", call.gid, to);
  Add("Assent-Branch", call.key.branch, to);
  Add("Assent-Operation", tcc::Name(call.operation), to);
  Add("Assent-Attempt", call.attempt, to);
  Add("Assent-Deadline", FormatTime(call.deadline), to);
  Add("Assent-Timeout-Ms", std::max<int64_t>(left.count(), 0) / kMillisecond, to);
  Add("Assent-Horizon", FormatTime(call.horizon), to);
  if (!call.coordinator.empty()) Add("Assent-Coordinator", call.coordinator, to);
  Add("Idempotency-Key", call.key.Idempotency(call.operation), to);
  if (!call.traceparent.empty()) Add("traceparent", call.traceparent, to);
  if (!signers.empty()) AddSignature(call, now, signers, to);
  to->append("\r\n\r\n").append(body);
}

tcc::Completion ToCompletion(const tcc::Call& call, const Received& received, WallTime now) {
  if (!received.sent) return NotSent(call, received.failure);
  tcc::Completion completion = CompletionOf(call);
  completion.status = received.status;
  completion.detail = received.failure;
  if (received.status == 0) return completion;  // unknown
  completion.answer = tcc::AnswerOf(received.status);
  const bool redirect = received.status >= 300 && received.status <= 399;
  completion.detail = "answered " + std::to_string(received.status) +
                      (redirect ? ", a redirect, which is not followed" : "");
  if (completion.answer == tcc::Answer::kLater || completion.answer == tcc::Answer::kWorking) {
    completion.retry_after = tcc::ParseRetryAfter(received.retry_after, now);
  }
  const bool may_expire = call.operation == tcc::Operation::kTry &&
                          completion.answer == tcc::Answer::kDone && !received.expires.empty();
  if (!may_expire) return completion;
  completion.expires_at = ParseTime(received.expires);
  if (!completion.expires_at) {
    // The reservation expires at an unknown time: a commit must not rely on this yes.
    completion.answer = tcc::Answer::kUnknown;
    completion.detail += " with an Assent-Expires that is not a valid time";
  }
  return completion;
}

tcc::Completion NotSent(const tcc::Call& call, std::string detail, Duration retry_after) {
  tcc::Completion completion = CompletionOf(call);
  completion.answer = tcc::Answer::kNotSent;
  completion.detail = std::move(detail);
  completion.retry_after = retry_after;
  return completion;
}

}  // namespace assent::http
