// SPDX-License-Identifier: Apache-2.0
// The contents of a log directory as read at a start, before anything is written.
//
// Contract: Open (log/directory.h) returns it, and DecisionLog::Start takes it and continues the
// log. It owns the directory's lock until it is moved into that log.
// Errors: ForEach reads the files again, because they may be larger than memory; its errors are
// those of log/segment_reader.h.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/directory.h"
#include "log/file_system.h"
#include "log/format.h"

namespace assent::log {

// A batch that was being written when the process or the machine stopped. It is dropped: no answer
// was given that depended on it.
struct TornTail {
  std::string file;
  uint64_t offset = 0;
};

class Recovered {
 public:
  Recovered(FileSystem& files, Options options, std::unique_ptr<FileLock> lock, Survey survey);
  Recovered(Recovered&&) = default;
  Recovered& operator=(Recovered&&) = delete;

  // Empty if the directory is new.
  const std::optional<Identity>& previous() const { return previous_; }
  const std::optional<TornTail>& torn_tail() const { return torn_tail_; }
  // How many payload records ForEach visits.
  uint64_t records() const { return records_; }
  // Visits the payload records in order of LSN. `payload` is valid only during the call.
  Result<void> ForEach(const std::function<void(Lsn, std::string_view payload)>& visit) const;

  const Options& options() const { return options_; }
  const Survey& survey() const { return survey_; }
  std::unique_ptr<FileLock> TakeLock() { return std::move(lock_); }

 private:
  FileSystem* files_;
  Options options_;
  std::unique_ptr<FileLock> lock_;
  Survey survey_;
  std::optional<Identity> previous_;
  std::optional<TornTail> torn_tail_;
  uint64_t records_ = 0;
};

}  // namespace assent::log
