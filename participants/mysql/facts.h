// SPDX-License-Identifier: Apache-2.0
// What the last probe learned about the server that sessions need; shared by all sessions of one
// driver.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "participants/sql/scanner.h"

namespace assent::mysql {

struct Facts {
  bool witness = false;
  // Tables of our database that keep their change after a roll-back; in lower case.
  std::set<std::string> without_transactions;
  // A trigger or stored function may change the session during a plain statement. Also true if our
  // account could not see such code.
  bool stored_code = true;
  sql::ScanOptions scan;  // the server's sql_mode
};

class SharedFacts {
 public:
  Facts Get() const {
    const std::lock_guard lock(mutex_);
    return facts_;
  }
  sql::ScanOptions scan() const {
    const std::lock_guard lock(mutex_);
    return facts_.scan;
  }
  bool stored_code() const {
    const std::lock_guard lock(mutex_);
    return facts_.stored_code;
  }
  bool witness() const {
    const std::lock_guard lock(mutex_);
    return facts_.witness;
  }
  bool WithoutTransactions(const std::string& table_in_lower_case) const {
    const std::lock_guard lock(mutex_);
    return facts_.without_transactions.contains(table_in_lower_case);
  }
  // Takes the server's own settings as text, from any session. Returns how often they have changed.
  uint64_t NoteServersSettings(const std::string& settings) {
    const std::lock_guard lock(mutex_);
    if (settings != servers_settings_) {
      servers_settings_ = settings;
      ++changes_;
    }
    return changes_;
  }
  uint64_t servers_settings() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  void Set(Facts facts) {
    const std::lock_guard lock(mutex_);
    facts_ = std::move(facts);
  }

 private:
  mutable std::mutex mutex_;
  Facts facts_;
  std::string servers_settings_;
  uint64_t changes_ = 0;
};

}  // namespace assent::mysql
