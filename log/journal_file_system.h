// SPDX-License-Identifier: Apache-2.0
// A file system in memory that keeps a journal of what was done, so that a test can lose and
// reorder what was not synced, at any place of it.
//
// Contract: every change is an operation: a sector written, a name made or removed. A Disk is what
// stands on the medium: the operations that a sync has covered, in their order, then whichever of
// the others a test applies, in whatever order. SyncDirectory makes all names durable, SyncData all
// writes of its file. Reading sees everything that was done.
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

// By the name that leads to it.
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
  // After so many more calls the process is dead: every call fails until Revive. What it did stays.
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

// What a machine that stops behind the first `done` operations may have left: the operations that
// no sync has covered, oldest first, and the disk without them.
struct Stopped {
  Disk synced;
  std::vector<const Operation*> unsynced;
};
// Goes through a journal from its beginning.
class Stopping {
 public:
  explicit Stopping(const std::vector<Operation>& journal) : journal_(journal) {}
  const Stopped& Behind(size_t done);  // ascending

 private:
  void Take(const Operation& operation);

  const std::vector<Operation>& journal_;
  size_t taken_ = 0;
  Stopped stopped_;
};

}  // namespace assent::log::testing
