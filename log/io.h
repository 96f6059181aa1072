// SPDX-License-Identifier: Apache-2.0
// Complete file operations on top of FileSystem: they continue after short counts and retry EINTR.
//
// Errors: the message names the operation, the path and the system's reason. kResourceExhausted: no
// space left or quota exceeded. kNotFound: no such file. kFenced: a sync failed; the state of what
// it covered is unknown, and a second sync would prove nothing. kIo: anything else.
// SyncDirectory returns kIo if it has no descriptor to open the directory with: no sync was tried.
// An interrupted sync (EINTR) is retried: it did not report any loss, so it is not a failed one.
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
// Reads `size` bytes, fewer only at the end of the file. Returns how many.
Result<size_t> ReadFull(File& file, const std::string& path, uint64_t offset, char* to,
                        size_t size);
Result<void> WriteAll(File& file, const std::string& path, uint64_t offset, std::string_view bytes);
Result<void> SyncFile(File& file, const std::string& path);
// kFenced if `path` no longer resolves to this file: the file or a directory above it was deleted
// or renamed, or a mount covers it. The next start would not find what was written since.
Result<void> ExpectNamed(File& file, const std::string& path);
Result<void> ExpectNamed(FileLock& lock, const std::string& path);
Result<void> SyncDirectory(FileSystem& files, const std::string& directory);
Result<std::vector<std::string>> ListFiles(FileSystem& files, const std::string& directory);
// Succeeds if the file does not exist.
Result<void> RemoveFile(FileSystem& files, const std::string& path);

// Creates `path`, replacing an existing file, with `bytes` zeros. On return the file and its
// directory entry are durable. Removes an incomplete file on an error. If `cancel` is not null and
// becomes true, returns kUnavailable early.
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
