// SPDX-License-Identifier: Apache-2.0
// A value or an error: what every fallible function of Assent returns.
//
// Result<T> has the surface of std::expected<T, Error>, which this compiler lacks under C++20. Use
// it for what is expected to go wrong (input, disk, network, databases); a bug is a CHECK. No
// exception crosses a folder.
//
//   Result<int> parsed = ParsePort(text);
//   if (!parsed) return parsed.error();
//   Use(*parsed);
//
// Errors: an Error carries a code that programs branch on, a sentence for people, and, for input,
// the path of the field that is at fault.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace assent {

enum class ErrorCode {
  kInvalid,           // the input is wrong; `field` says where
  kNotFound,          // what was named does not exist
  kUnavailable,       // try again later
  kIo,                // a file operation failed; the state on disk is not known
  kDamaged,           // what was read is not what was written
  kInUse,             // another process owns it
  kFenced,            // the log failed under us; nothing more may be promised
  kTimeout,           // unknown, not failed: ask again
  kDenied,            // access denied
  kResourceExhausted  // a bound was reached; the message says which
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
  std::string field = {};
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : storage_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : storage_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return storage_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return Get(); }
  const T& value() const& { return const_cast<Result*>(this)->Get(); }
  T&& value() && { return std::move(Get()); }
  T& operator*() & { return Get(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(Get()); }
  T* operator->() { return &Get(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    CHECK(!has_value()) << "error() of a Result that holds a value";
    return std::get<1>(storage_);
  }

 private:
  T& Get() {
    CHECK(has_value()) << "value() of a Result that holds: " << error().message;
    return std::get<0>(storage_);
  }
  std::variant<T, Error> storage_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT: implicit
  bool has_value() const { return ok_; }
  explicit operator bool() const { return ok_; }
  const Error& error() const {
    CHECK(!ok_) << "error() of a Result that holds a value";
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace assent
