// SPDX-License-Identifier: Apache-2.0
// The interface between the log and the disk: every file operation of the log goes through it.
//
// Contract: each call is one system call and returns its raw result: a count that may be short, or
// an errno. log/io.h builds complete operations on top. The simulation, which loses unsynced
// writes, and the tests that fail the Nth call implement these classes.
// Durability: a write is durable once SyncData of its file has returned without error, a directory
// entry once SyncDirectory has. After a failed sync the state of what it covered is unknown.
// Threads: any thread may use a FileSystem; one thread at a time may use a File.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace assent::log {

// value: the result of a successful call (a count, a size). error: 0 or an errno.
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
  // value 1: `path` still resolves to this file; 0: it resolves to another file or does not exist.
  virtual IoResult IsNamed(const std::string& path) = 0;
};

// An exclusive lock, held until this object is destroyed or the process ends.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // As File::IsNamed. After 0 another process may hold a lock on `path`. The default, for file
  // systems without lock files, is 1.
  virtual IoResult IsNamed(const std::string& path);
};

enum class OpenMode {
  kRead,
  kCreate,  // for reading and writing; EEXIST if the file exists
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual IoResult Open(const std::string& path, OpenMode mode, std::unique_ptr<File>* file) = 0;
  virtual IoResult MakeDirectory(const std::string& path) = 0;  // EEXIST if it exists
  virtual IoResult List(const std::string& directory, std::vector<std::string>* names) = 0;
  virtual IoResult Remove(const std::string& path) = 0;
  virtual IoResult SyncDirectory(const std::string& directory) = 0;
  // EWOULDBLOCK if another process, or another FileLock of this process, holds the lock.
  virtual IoResult Lock(const std::string& path, std::unique_ptr<FileLock>* lock) = 0;
  virtual IoResult FreeBytes(const std::string& directory) = 0;
  virtual IoResult IsNetwork(const std::string& directory) = 0;  // value 1: yes, 0: no
};

// The file system of the operating system. Never destroyed.
FileSystem& PosixFileSystem();

}  // namespace assent::log
