// SPDX-License-Identifier: Apache-2.0
#include "bench/partner_call.h"

#include <charconv>
#include <string>

#include "bench/report.h"

namespace assent::bench {
namespace {

// The text after `name` up to the end of the line.
std::string_view Header(std::string_view head, std::string_view name) {
  const size_t at = head.find(name);
  if (at == head.npos) GiveUp("a partner was called without " + std::string(name));
  const std::string_view rest = head.substr(at + name.size());
  return rest.substr(0, rest.find('\r'));
}

}  // namespace

bool ReadPartnerCall(std::string_view text, PartnerCall* call) {
  const size_t end = text.find("\r\n\r\n");
  if (end == text.npos) return false;
  const std::string_view head = text.substr(0, end + 2);
  size_t body = 0;
  const std::string_view length = Header(head, "\r\nContent-Length: ");
  std::from_chars(length.data(), length.data() + length.size(), body);
  call->bytes = end + 4 + body;
  if (text.size() < call->bytes) return false;
  call->gtrid = Header(head, "\r\nAssent-Transaction: ");
  constexpr std::string_view kPost = "POST ";
  const std::string_view target = head.substr(kPost.size(), head.find(' ', kPost.size()) - 5);
  const size_t slash = target.rfind('/');
  const std::string_view operation = target.substr(slash + 1);
  call->path = target.substr(0, slash);
  call->operation = operation == "try"       ? tcc::Operation::kTry
                    : operation == "confirm" ? tcc::Operation::kConfirm
                                             : tcc::Operation::kCancel;
  return true;
}

}  // namespace assent::bench
