// SPDX-License-Identifier: Apache-2.0
// The tables of the configuration file, with typed access to their keys.
//
// Contract: a key that is missing leaves the value as it is. The first error is kept, with the path
// of its key, and the others are dropped; so a caller reads everything and looks at the end. A
// table is valid as long as its document. Threads: one.
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
  // An integer from `low` to `high`.
  template <typename T>
  void Read(const std::string& key, T* to, int64_t low, int64_t high) {
    int64_t value = 0;
    if (ReadInteger(key, low, high, &value)) *to = static_cast<T>(value);
  }
  void ReadDuration(const std::string& key, Duration* to);
  // A duration from 1 ms to 1 h.
  void ReadMilliseconds(const std::string& key, uint32_t* to);
  void ReadStrings(const std::string& key, std::vector<std::string>* to);

  bool Exists() const;  // the table itself
  bool Has(const std::string& key);
  // The table [key]. One that is missing does not exist and has no keys; anything else is an error.
  ConfigTable Child(const std::string& key);
  // The tables [[key]]; an element that is not a table does not exist.
  std::vector<ConfigTable> Children(const std::string& key);

  // `what` is wrong with `key`, or with the table itself where `key` is empty.
  void Fail(const std::string& key, const std::string& what);
  // Each key that was not asked for until now is an error.
  void RefuseUnknown();

 private:
  friend class ConfigDocument;
  struct State;
  explicit ConfigTable(std::shared_ptr<State> state) : state_(std::move(state)) {}
  // True: `key` is there and within the range.
  bool ReadInteger(const std::string& key, int64_t low, int64_t high, int64_t* to);

  std::shared_ptr<State> state_;
};

class ConfigDocument {
 public:
  // Errors: kInvalid: not TOML; `field` is then `name`.
  static Result<ConfigDocument> Parse(std::string_view text, const std::string& name);

  ConfigTable Root() const;
  // Of all tables; `message` is empty where there is none.
  const Error& error() const;

 private:
  struct State;
  explicit ConfigDocument(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace assent::daemon
