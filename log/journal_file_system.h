// SPDX-License-Identifier: Apache-2.0
// An in-memory file system that keeps a journal of its operations, so that a test can drop and
// reorder unsynced operations at any point.
//
// Contract: every change is an operation: one sector written, one name created or removed. A Disk
// is the content of the medium: the operations covered by a sync, in their order, then any of the
// others, in any order that a test chooses. SyncDirectory makes all names durable, SyncData all
// writes to its file. Reads see every operation.
// Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "log/file_system.h"

namespace assent::log::testing {

struct Operation {
  enum class Kind { kWrite, kMake, kRemove, kSyncFile, kSyncDirectory };
  Kind kind{};
  uint64_t file = 0;  // an inode; kWrite, kMake, kSyncFile
  std::string path;   // kMake, kRemove
  uint64_t offset = 0;
  std::string bytes;  // kWrite: of one sector
};

// Contents by path.
using Files = std::map<std::string, std::string>;

class Disk {
 public:
  void Apply(const Operation& operation);
  Files Named() const;

 private:
  std::map<std::string, uint64_t> names_;
  std::map<uint64_t, std::string> files_;
};

class JournalFileSystem final : public FileSystem {
 public:
  JournalFileSystem() = default;
  // After `calls` more calls the process counts as dead: every call fails until Revive. Its changes
  // stay.
  void KillAfter(uint64_t calls) { calls_left_ = calls; }
  void Revive();
  uint64_t calls() const { return calls_; }
  const std::vector<Operation>& journal() const { return journal_; }

  IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override;
  IoResult MakeDirectory(const std::string& path) override;
  IoResult List(const std::string& directory, std::vector<std::string>* names) override;
  IoResult Remove(const std::string& path) override;
  IoResult SyncDirectory(const std::string& directory) override;
  IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override;
  IoResult FreeBytes(const std::string& directory) override;
  IoResult IsNetwork(const std::string& directory) override;

 private:
  class JournalFile;
  bool Dead();  // counts a call

  std::optional<uint64_t> calls_left_;
  bool dead_ = false;
  uint64_t calls_ = 0;
  uint64_t next_file_ = 1;
  std::map<std::string, uint64_t> names_;
  std::map<uint64_t, std::string> files_;
  std::vector<Operation> journal_;
};

// The state of a machine that stops after the first `done` operations: the operations that no sync
// has covered, oldest first, and the disk without them.
struct CrashState {
  Disk synced;
  std::vector<const Operation*> unsynced;
};
// Replays a journal from its beginning.
class CrashStates {
 public:
  explicit CrashStates(const std::vector<Operation>& journal) : journal_(journal) {}
  const CrashState& After(size_t done);  // ascending

 private:
  void Take(const Operation& operation);

  const std::vector<Operation>& journal_;
  size_t taken_ = 0;
  CrashState stopped_;
};

}  // namespace assent::log::testing
