// SPDX-License-Identifier: Apache-2.0
// The seam between the log and the disk: every file operation of the log goes through it.
//
// Contract: each call is one system call, with its result as the system gives it: a count that may
// be short, or an errno. log/io.h turns them into whole operations. A simulation that loses what
// was not synced, and the tests that fail the Nth call, implement these two classes.
// Durability: what was written is durable once SyncData of that file returned without error, a
// directory entry once SyncDirectory did. After a failed sync nothing is known of what it covered.
// Threads: a FileSystem may be used by any; a File by one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace assent::log {

// value: what the call returns when it succeeds (a count, a size). error: 0 or an errno.
struct IoResult {
  int64_t value = 0;
  int error = 0;
};

class File {
 public:
  virtual ~File() = default;  // closes it
  virtual IoResult Read(uint64_t offset, char* to, size_t size) = 0;
  virtual IoResult Write(uint64_t offset, const char* from, size_t size) = 0;
  virtual IoResult Size() = 0;
  virtual IoResult SyncData() = 0;
  // value 1: `path` leads to this very file; 0: to another one, or to none.
  virtual IoResult IsNamed(const std::string& path) = 0;
};

// Held as long as it lives, at most until the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // As File::IsNamed. 0: another process may hold a lock of that path. (A file system without lock
  // files keeps this.)
  virtual IoResult IsNamed(const std::string& path);
};

enum class OpenMode {
  kRead,
  kCreate,  // for reading and writing; EEXIST if it is there
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) = 0;
  virtual IoResult MakeDirectory(const std::string& path) = 0;  // EEXIST if it is there
  virtual IoResult List(const std::string& directory, std::vector<std::string>* names) = 0;
  virtual IoResult Remove(const std::string& path) = 0;
  virtual IoResult SyncDirectory(const std::string& directory) = 0;
  // EWOULDBLOCK when another process, or another FileLock of this one, holds it.
  virtual IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) = 0;
  virtual IoResult FreeBytes(const std::string& directory) = 0;
  virtual IoResult IsNetwork(const std::string& directory) = 0;  // value 1: yes, 0: no
};

// The machine's files. Never destroyed.
FileSystem& PosixFileSystem();

}  // namespace assent::log
