// SPDX-License-Identifier: Apache-2.0
// An in-memory file system for tests that loses unsynced changes.
//
// Contract: Cut makes every later call fail, as if the machine had stopped. Recover then chooses at
// random, separately for each unsynced sector and directory entry, whether it reached the disk, and
// makes the file system usable again. There are no separate directories: a path is a name, and
// SyncDirectory makes all names durable.
// Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "log/file_system.h"

namespace assent::log::testing {

class MemoryFileSystem final : public FileSystem {
 public:
  // Calls Cut after `calls` more calls.
  void CutAfter(uint64_t calls);
  void Cut();
  void Recover(Random& random);
  // As after the end of the process alone: all its changes are visible, synced or not.
  void Revive();
  // How many sectors and names Recover has dropped in total.
  uint64_t lost() const;

  IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) override;
  IoResult MakeDirectory(const std::string& path) override;
  IoResult List(const std::string& directory, std::vector<std::string>* names) override;
  IoResult Remove(const std::string& path) override;
  IoResult SyncDirectory(const std::string& directory) override;
  IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) override;
  IoResult FreeBytes(const std::string& directory) override;
  IoResult IsNetwork(const std::string& directory) override;

 private:
  struct Node {
    std::string now;              // the content that reads return
    std::string durable;          // the content guaranteed to be on the disk
    std::set<uint64_t> unsynced;  // sectors
  };
  class MemoryFile;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  bool Dead();  // counts a call

  mutable std::mutex mutex_;
  std::optional<uint64_t> calls_left_;
  bool cut_ = false;
  uint64_t lost_ = 0;
  Names names_;
  Names durable_names_;
};

}  // namespace assent::log::testing
