// SPDX-License-Identifier: Apache-2.0
// Typed access to the tables of the configuration file.
//
// Contract: a missing key leaves the value unchanged. The document keeps the first error, with the
// path of its key, and drops the others; so the caller reads all keys and checks for an error at
// the end. A table is valid as long as its document.
// Threads: one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"

namespace assent::daemon {

class ConfigTable {
 public:
  void Read(const std::string& key, std::string* to);
  void Read(const std::string& key, bool* to);
  // Reads an integer from `low` to `high`, both inclusive.
  template <typename T>
  void Read(const std::string& key, T* to, int64_t low, int64_t high) {
    int64_t value = 0;
    if (ReadInteger(key, low, high, &value)) *to = static_cast<T>(value);
  }
  void ReadDuration(const std::string& key, Duration* to);
  // Reads a duration from 1 ms to 1 h.
  void ReadMilliseconds(const std::string& key, uint32_t* to);
  void ReadStrings(const std::string& key, std::vector<std::string>* to);

  bool Exists() const;  // whether the table itself exists
  bool Has(const std::string& key);
  // Returns the table [key]. If it is missing, Exists() is false and every read leaves its value
  // unchanged. A value that is not a table is an error.
  ConfigTable Child(const std::string& key);
  // Returns the tables [[key]]. Exists() is false for an element that is not a table.
  std::vector<ConfigTable> Children(const std::string& key);

  // Records the error `what` for `key`, or for the table itself if `key` is empty.
  void Fail(const std::string& key, const std::string& what);
  // Records an error for each key that was not looked up so far.
  void RefuseUnknown();

 private:
  friend class ConfigDocument;
  struct State;
  explicit ConfigTable(std::shared_ptr<State> state) : state_(std::move(state)) {}
  // Returns true if `key` exists and is within the range.
  bool ReadInteger(const std::string& key, int64_t low, int64_t high, int64_t* to);

  std::shared_ptr<State> state_;
};

class ConfigDocument {
 public:
  // Errors: kInvalid if the text is not TOML; `field` is then `name`.
  static Result<ConfigDocument> Parse(std::string_view text, const std::string& name);

  ConfigTable Root() const;
  // The first error in any table; its `message` is empty if there is none.
  const Error& error() const;

 private:
  struct State;
  explicit ConfigDocument(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace assent::daemon
