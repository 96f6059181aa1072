// SPDX-License-Identifier: Apache-2.0
#include "log/io.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace assent::log {
namespace {

constexpr uint64_t kFillBytes = 1 << 20;
constexpr uint64_t kFillSyncBytes = 8 << 20;  // bounds how long one sync of a fill uses the disk

Error Fence(std::string_view operation, const std::string& path, int error) {
  Error fence = SystemError(operation, path, error);
  fence.code = ErrorCode::kFenced;
  return fence;
}

Result<void> Fill(File& file, const std::string& path, uint64_t bytes,
                  const std::atomic<bool>* cancel) {
  const std::string zeros(std::min(bytes, kFillBytes), '\0');
  uint64_t synced = 0;
  for (uint64_t offset = 0; offset < bytes;) {
    if (cancel != nullptr && cancel->load()) return Error{ErrorCode::kUnavailable, "stopping"};
    const uint64_t size = std::min<uint64_t>(zeros.size(), bytes - offset);
    auto written = WriteAll(file, path, offset, std::string_view(zeros).substr(0, size));
    if (!written) return written;
    offset += size;
    if (offset - synced < kFillSyncBytes && offset < bytes) continue;
    auto durable = SyncFile(file, path);
    if (!durable) return durable;
    synced = offset;
  }
  return {};
}

Result<void> StillNamed(const IoResult& named, const std::string& path) {
  if (named.error != 0) return Fence("stat", path, named.error);
  if (named.value != 0) return {};
  return Error{ErrorCode::kFenced,
               path + " was deleted, renamed or covered by a mount while it was in use"};
}

}  // namespace

Error SystemError(std::string_view operation, const std::string& path, int error) {
  ErrorCode code = ErrorCode::kIo;
  if (error == ENOSPC || error == EDQUOT) code = ErrorCode::kResourceExhausted;
  if (error == ENOENT) code = ErrorCode::kNotFound;
  std::string message = "cannot ";
  message += operation;
  message += " " + path + ": " + std::generic_category().message(error);
  return Error{code, std::move(message)};
}

Result<std::unique_ptr<File>> OpenFile(FileSystem& files, const std::string& path, OpenMode mode) {
  std::unique_ptr<File> file;
  const IoResult opened = Uninterrupted([&] { return files.Open(path, mode, &file); });
  if (opened.error != 0) {
    return SystemError(mode == OpenMode::kCreate ? "create" : "open", path, opened.error);
  }
  return file;
}

Result<uint64_t> SizeOf(File& file, const std::string& path) {
  const IoResult size = Uninterrupted([&] { return file.Size(); });
  if (size.error != 0) return SystemError("stat", path, size.error);
  return static_cast<uint64_t>(size.value);
}

Result<size_t> ReadFull(File& file, const std::string& path, uint64_t offset, char* to,
                        size_t size) {
  size_t done = 0;
  while (done < size) {
    const IoResult read =
        Uninterrupted([&] { return file.Read(offset + done, to + done, size - done); });
    if (read.error != 0) return SystemError("read", path, read.error);
    if (read.value == 0) break;
    done += static_cast<size_t>(read.value);
  }
  return done;
}

Result<void> WriteAll(File& file, const std::string& path, uint64_t offset,
                      std::string_view bytes) {
  while (!bytes.empty()) {
    const IoResult written =
        Uninterrupted([&] { return file.Write(offset, bytes.data(), bytes.size()); });
    if (written.error != 0) return SystemError("write", path, written.error);
    if (written.value == 0) return SystemError("write", path, EIO);
    offset += static_cast<uint64_t>(written.value);
    bytes.remove_prefix(static_cast<size_t>(written.value));
  }
  return {};
}

Result<void> SyncFile(File& file, const std::string& path) {
  const IoResult synced = Uninterrupted([&] { return file.SyncData(); });
  if (synced.error != 0) return Fence("sync", path, synced.error);
  return {};
}

Result<void> ExpectNamed(File& file, const std::string& path) {
  return StillNamed(Uninterrupted([&] { return file.IsNamed(path); }), path);
}

Result<void> ExpectNamed(FileLock& lock, const std::string& path) {
  return StillNamed(Uninterrupted([&] { return lock.IsNamed(path); }), path);
}

Result<void> SyncDirectory(FileSystem& files, const std::string& directory) {
  const IoResult synced = Uninterrupted([&] { return files.SyncDirectory(directory); });
  // Opening the directory failed; no sync was tried.
  if (synced.error == EMFILE || synced.error == ENFILE) {
    return SystemError("open the directory", directory, synced.error);
  }
  if (synced.error != 0) return Fence("sync the directory", directory, synced.error);
  return {};
}

Result<std::vector<std::string>> ListFiles(FileSystem& files, const std::string& directory) {
  std::vector<std::string> names;
  const IoResult listed = Uninterrupted([&] { return files.List(directory, &names); });
  if (listed.error != 0) return SystemError("list", directory, listed.error);
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> RemoveFile(FileSystem& files, const std::string& path) {
  const IoResult removed = Uninterrupted([&] { return files.Remove(path); });
  if (removed.error != 0 && removed.error != ENOENT) {
    return SystemError("remove", path, removed.error);
  }
  return {};
}

Result<std::unique_ptr<File>> CreateZeroed(FileSystem& files, const std::string& directory,
                                           const std::string& path, uint64_t bytes,
                                           const std::atomic<bool>* cancel) {
  auto removed = RemoveFile(files, path);
  if (!removed) return removed.error();
  auto file = OpenFile(files, path, OpenMode::kCreate);
  if (!file) return file;
  auto made = Fill(**file, path, bytes, cancel);
  if (made) made = SyncDirectory(files, directory);
  if (made) return file;
  file->reset();
  // If this fails too, a file without a header remains, which the next start removes.
  (void)RemoveFile(files, path);
  return made.error();
}

}  // namespace assent::log
