// SPDX-License-Identifier: Apache-2.0
// Whole file operations over the seam's single calls: short counts go on, EINTR is called again.
//
// Errors: the message names the operation, the path and the system's reason. kResourceExhausted: no
// space left or over quota. kNotFound: no such file. kFenced: a sync failed; nothing is known of
// what it covered, and syncing once more would prove nothing. kIo: anything else.
// A directory that cannot be opened for want of descriptors is kIo: it was not synced at all.
// An interrupted sync (EINTR) is not a failed one: nothing was reported lost, so it is called
// again.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/file_system.h"

namespace assent::log {

Result<std::unique_ptr<File>> OpenFile(FileSystem& files, const std::string& path, OpenMode mode);
Result<uint64_t> SizeOf(File& file, const std::string& path);
// Fills `to`; less only at the end of the file. The result is what was read.
Result<size_t> ReadFull(File& file, const std::string& path, uint64_t offset, char* to,
                        size_t size);
Result<void> WriteAll(File& file, const std::string& path, uint64_t offset, std::string_view bytes);
Result<void> SyncFile(File& file, const std::string& path);
// kFenced where `path` no longer leads to it: it was deleted or renamed, or so was a directory
// above it, or something was mounted there. What was written into it since is lost to the next
// start.
Result<void> ExpectNamed(File& file, const std::string& path);
Result<void> ExpectNamed(FileLock& lock, const std::string& path);
Result<void> SyncDirectory(FileSystem& files, const std::string& directory);
Result<std::vector<std::string>> ListFiles(FileSystem& files, const std::string& directory);
// It is no error if the file is not there.
Result<void> RemoveFile(FileSystem& files, const std::string& path);

// Makes `path` anew with `bytes` zeros in it, durably, the directory entry too. On an error what
// stood half made is removed. `cancel`, once true, ends it early with kUnavailable; may be null.
Result<std::unique_ptr<File>> CreateZeroed(FileSystem& files, const std::string& directory,
                                           const std::string& path, uint64_t bytes,
                                           const std::atomic<bool>* cancel);

template <typename Call>
IoResult Uninterrupted(Call call) {
  IoResult result = call();
  while (result.error == EINTR) result = call();
  return result;
}

Error SystemError(std::string_view operation, const std::string& path, int error);

}  // namespace assent::log
