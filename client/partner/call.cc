// SPDX-License-Identifier: Apache-2.0
#include "client/partner/call.h"

#include <strings.h>

#include <utility>

#include "base/number.h"

namespace assent::partner {
namespace {

constexpr uint64_t kLongestMs = 366ull * 24 * 3600 * 1000;  // far past any deadline

bool SameName(const std::string& name, std::string_view other) {
  return name.size() == other.size() && strncasecmp(name.data(), other.data(), name.size()) == 0;
}

struct Found {
  const std::string* value = nullptr;
  bool twice = false;
};

Found Find(const Request& request, std::string_view name) {
  Found found;
  for (const auto& [field, value] : request.headers) {
    if (!SameName(field, name)) continue;
    found.twice = found.value != nullptr;
    found.value = &value;
  }
  return found;
}

// Reads the headers, and keeps the first error.
class Reader {
 public:
  explicit Reader(const Request& request) : request_(request) {}

  std::string Optional(const char* name) {
    const Found found = Find(request_, name);
    if (found.twice) Wrong(name, "is duplicated");
    return found.value == nullptr ? std::string() : *found.value;
  }
  std::string Text(const char* name) {
    std::string value = Optional(name);
    if (value.empty()) Wrong(name, "is missing");
    return value;
  }
  uint64_t Number(const char* name, uint64_t least, uint64_t most) {
    const auto value = ParseNumber<uint64_t>(Text(name));
    if (!value || *value < least || *value > most) {
      Wrong(name,
            "is not an integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return value.value_or(0);
  }
  WallTime Time(const char* name, const std::string& text) {
    const auto time = ParseTime(text);
    if (!time) Wrong(name, "is not an RFC 3339 time");
    return time.value_or(WallTime{});
  }
  void Wrong(const char* name, std::string what) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, std::move(what), name};
  }
  const std::optional<Error>& error() const { return error_; }

 private:
  const Request& request_;
  std::optional<Error> error_;
};

void CheckKey(const Call& call, Reader& reader) {
  const auto valid = barrier::Validate({call.operation, call.transaction, call.branch});
  if (valid) return;
  const bool transaction = valid.error().field == "transaction";
  reader.Wrong(transaction ? "Assent-Transaction" : "Assent-Branch",
               "is invalid: " + valid.error().message);
}

}  // namespace

std::string HeaderOf(const Request& request, std::string_view name) {
  const Found found = Find(request, name);
  return found.value == nullptr || found.twice ? std::string() : *found.value;
}

Result<Call> ReadCall(Request request, barrier::Operation operation) {
  Reader reader(request);
  Call call;
  call.operation = operation;
  call.transaction = reader.Text("Assent-Transaction");
  call.branch = reader.Text("Assent-Branch");
  CheckKey(call, reader);
  if (reader.Text("Assent-Operation") != barrier::Name(operation)) {
    reader.Wrong("Assent-Operation", "does not match the operation in the path");
  }
  call.attempt = static_cast<uint32_t>(reader.Number("Assent-Attempt", 1, UINT32_MAX));
  call.deadline = reader.Time("Assent-Deadline", reader.Text("Assent-Deadline"));
  call.time_left = std::chrono::milliseconds(reader.Number("Assent-Timeout-Ms", 0, kLongestMs));
  const std::string key = call.transaction + "/" + call.branch + "/" + barrier::Name(operation);
  if (reader.Text("Idempotency-Key") != key) {
    reader.Wrong("Idempotency-Key", "does not match the transaction, branch and operation");
  }
  const std::string horizon = reader.Optional("Assent-Horizon");
  if (!horizon.empty()) call.horizon = reader.Time("Assent-Horizon", horizon);
  call.gid = reader.Optional("Assent-Gid");
  call.coordinator = reader.Optional("Assent-Coordinator");
  call.traceparent = reader.Optional("traceparent");
  call.content_type = reader.Optional("Content-Type");
  if (reader.error()) return *reader.error();
  call.body = std::move(request.body);
  return call;
}

bool HasPassed(const Call& call, WallTime now, Duration waited, Duration clock_difference) {
  return waited >= call.time_left || now > call.deadline + clock_difference;
}

}  // namespace assent::partner
