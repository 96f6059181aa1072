// SPDX-License-Identifier: Apache-2.0
// Test utilities of log/: a temporary directory, a recording sink, a file system that fails.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "log/decision_log.h"
#include "log/directory.h"
#include "log/file_system.h"
#include "log/recovered.h"

namespace assent::log::testing {

// A temporary directory, in /dev/shm if possible; removed by the destructor.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  // A log directory in it that does not exist yet.
  std::string path() const { return root_ + "/log"; }
  Options LogOptions(uint64_t segment_bytes = 4096) const;

 private:
  std::string root_;
};

// splitmix64: the same numbers for the same seed.
class FixedSeedRandom final : public Random {
 public:
  explicit FixedSeedRandom(uint64_t seed) : state_(seed) {}
  uint64_t Next() override {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// Records the calls, for assertions from another thread.
class RecordingSink final : public DurableSink {
 public:
  void OnDurable(Lsn up_to) override;
  void OnFailure(const Error& error) override;
  void OnPressure(Lsn below) override;
  void OnSpace() override;

  Lsn durable() const;
  int batches() const;
  int spaces() const;
  std::vector<Error> failures() const;
  std::vector<Lsn> pressures() const;
  bool AwaitDurable(Lsn lsn) const;  // false: not within ten seconds
  bool AwaitFailure() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Lsn durable_ = 0;
  int batches_ = 0;
  int spaces_ = 0;
  std::vector<Error> failures_;
  std::vector<Lsn> pressures_;
};

// Forwards to another file system, except for the calls that it makes fail.
class FaultyFileSystem final : public FileSystem {
 public:
  enum class Fault { kError, kInterrupt, kShort };
  // Call number `at` (from 1) fails, and all later ones if `persistent`. kError returns `error`.
  // kInterrupt returns EINTR, from every second call if persistent. kShort transfers half of the
  // bytes.
  struct Plan {
    uint64_t at = 0;
    bool persistent = false;
    Fault fault = Fault::kError;
    int error = 0;
  };
  explicit FaultyFileSystem(FileSystem& below) : below_(below) {}
  void Arm(Plan plan);
  uint64_t calls() const { return calls_.load(); }
  uint64_t injected() const { return injected_.load(); }
  // All calls of this kind fail with this errno; 0: none does.
  std::atomic<int> sync_error{0};
  std::atomic<int> write_error{0};
  std::atomic<int> create_error{0};
  std::atomic<bool> network{false};
  std::atomic<int64_t> free_bytes{-1};  // reported free space; -1: the real one
  std::atomic<int64_t> space{-1};       // bytes that may still be written into new files; -1: any
  // Invoked before each call, on its thread, with the operation's name and path. May be null.
  using Watch = std::function<void(const std::string& operation, const std::string& path)>;
  void SetWatch(Watch watch);

  IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override;
  IoResult MakeDirectory(const std::string& path) override;
  IoResult List(const std::string& directory, std::vector<std::string>* names) override;
  IoResult Remove(const std::string& path) override;
  IoResult SyncDirectory(const std::string& directory) override;
  IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override;
  IoResult FreeBytes(const std::string& directory) override;
  IoResult IsNetwork(const std::string& directory) override;

 private:
  friend class FaultyFile;
  // Returns the errno to fail with, or 0 to continue; sets `short_count` to transfer only half.
  int Enter(const std::string& operation, const std::string& path, bool* short_count = nullptr);

  FileSystem& below_;
  Plan plan_;
  std::mutex watch_mutex_;
  std::shared_ptr<Watch> watch_;  // guarded by watch_mutex_
  std::atomic<uint64_t> calls_{0};
  std::atomic<uint64_t> injected_{0};
};

using Recollection = std::vector<std::pair<Lsn, std::string>>;

std::string ReadBytes(const std::string& path);
void WriteBytes(const std::string& path, const std::string& bytes);
std::vector<std::string> SegmentFiles(const std::string& directory);  // paths, in order

// Opens the log and reads all payload records.
// Errors: those of Open and ForEach.
Result<Recollection> Recall(const Options& options, FileSystem& files = PosixFileSystem());
std::vector<std::string> Payloads(const Recollection& records);

// Starts a log without threads in options.directory, with every record copied forward.
Result<Started> StartCopyingAll(const Options& options, FileSystem& files = PosixFileSystem());
// Writes the payloads as one batch.
Result<Written> WriteOne(Writer& writer, const std::vector<std::string>& payloads);

// Polls until `condition` is true; false if it is not within ten seconds.
bool Eventually(const std::function<bool()>& condition);

}  // namespace assent::log::testing
