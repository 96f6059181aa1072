// SPDX-License-Identifier: Apache-2.0
// A value or an error: the return type of every function that can fail.
//
// Result<T> has the interface of std::expected<T, Error>, which C++20 lacks. Use it for expected
// errors (input, disk, network, databases); a bug is a CHECK. No exception leaves a folder.
//
//   Result<int> parsed = ParsePort(text);
//   if (!parsed) return parsed.error();
//   Use(*parsed);
//
// Errors: an Error has a code for programs, a message for people and, for input, the path of the
// invalid field.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace assent {

enum class ErrorCode {
  kInvalid,           // the input is invalid; `field` says where
  kNotFound,          // the named object does not exist
  kUnavailable,       // try again later
  kIo,                // a file operation failed; the state on disk is unknown
  kDamaged,           // the data read is not the data written
  kInUse,             // another process owns it
  kFenced,            // the log has failed; nothing more may be promised
  kTimeout,           // the outcome is unknown, not failed: ask again
  kDenied,            // access denied
  kResourceExhausted  // a limit was reached; the message says which
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
