// SPDX-License-Identifier: Apache-2.0
// What a log directory held: the result of reading it, before anything is written.
//
// Contract: made by Open (log/directory.h) and moved into DecisionLog::Start, which needs it to go
// on from there. It holds the directory's lock as long as it, or the log made of it, lives.
// Errors: ForEach reads the files once more (they may be larger than memory); its errors are those
// of reading.
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

// A batch that was being written when the process or the machine stopped: nobody was answered on
// it, and it is dropped.
struct TornTail {
  std::string file;
  uint64_t offset = 0;
};

class Recovered {
 public:
  Recovered(FileSystem& files, Options options, std::unique_ptr<FileLock> lock, Survey survey);
  Recovered(Recovered&&) = default;
  Recovered& operator=(Recovered&&) = delete;

  // None: the directory is new.
  const std::optional<Identity>& previous() const { return previous_; }
  const std::optional<TornTail>& torn_tail() const { return torn_tail_; }
  // Of the payload records that ForEach visits.
  uint64_t records() const { return records_; }
  // In order of LSN. The payload lives only during the call.
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
