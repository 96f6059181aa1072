// SPDX-License-Identifier: Apache-2.0
#include "log/journal_file_system.h"

#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "log/format.h"

namespace assent::log::testing {

void Disk::Apply(const Operation& operation) {
  switch (operation.kind) {
    case Operation::Kind::kMake: names_[operation.path] = operation.file; return;
    case Operation::Kind::kRemove: names_.erase(operation.path); return;
    case Operation::Kind::kWrite: {
      std::string& file = files_[operation.file];
      const size_t end = operation.offset + operation.bytes.size();
      if (end > file.size()) file.resize(end, '\0');
      file.replace(operation.offset, operation.bytes.size(), operation.bytes);
      return;
    }
    default: CHECK(false) << "a sync is not a change";
  }
}

Files Disk::Named() const {
  Files named;
  for (const auto& [path, file] : names_) {
    const auto found = files_.find(file);
    named[path] = found == files_.end() ? "" : found->second;
  }
  return named;
}

class JournalFileSystem::JournalFile final : public File {
 public:
  JournalFile(JournalFileSystem& owner, uint64_t file) : owner_(owner), file_(file) {}

  IoResult Read(uint64_t offset, char* to, size_t size) override {
    if (owner_.Dead()) return {0, EIO};
    const std::string& bytes = owner_.files_[file_];
    if (offset >= bytes.size()) return {};
    const size_t count = std::min<size_t>(size, bytes.size() - offset);
    std::copy_n(bytes.data() + offset, count, to);
    return {static_cast<int64_t>(count), 0};
  }
  IoResult Write(uint64_t offset, const char* from, size_t size) override {
    if (owner_.Dead()) return {0, EIO};
    std::string& bytes = owner_.files_[file_];
    if (offset + size > bytes.size()) bytes.resize(offset + size, '\0');
    std::copy_n(from, size, bytes.data() + offset);
    for (size_t at = 0; at < size;) {
      const size_t piece = std::min(size - at, kSectorBytes - (offset + at) % kSectorBytes);
      owner_.journal_.push_back(
          {Operation::Kind::kWrite, file_, "", offset + at, std::string(from + at, piece)});
      at += piece;
    }
    return {static_cast<int64_t>(size), 0};
  }
  IoResult Size() override {
    if (owner_.Dead()) return {0, EIO};
    return {static_cast<int64_t>(owner_.files_[file_].size()), 0};
  }
  IoResult SyncData() override {
    if (owner_.Dead()) return {0, EIO};
    owner_.journal_.push_back({Operation::Kind::kSyncFile, file_, "", 0, ""});
    return {};
  }
  IoResult IsNamed(const std::string& path) override {
    if (owner_.Dead()) return {0, EIO};
    const auto named = owner_.names_.find(path);
    return {named != owner_.names_.end() && named->second == file_ ? 1 : 0, 0};
  }

 private:
  JournalFileSystem& owner_;
  const uint64_t file_;
};

bool JournalFileSystem::Dead() {
  ++calls_;
  if (calls_left_ && (*calls_left_)-- == 0) {
    dead_ = true;
    calls_left_.reset();
  }
  return dead_;
}

void JournalFileSystem::Revive() {
  dead_ = false;
  calls_left_.reset();
}

IoResult JournalFileSystem::Open(const std::string& path, OpenMode mode,
                                 std::unique_ptr<File>* file) {
  if (Dead()) return {0, EIO};
  const bool there = names_.contains(path);
  if (mode == OpenMode::kCreate) {
    if (there) return {0, EEXIST};
    names_[path] = next_file_;
    journal_.push_back({Operation::Kind::kMake, next_file_++, path, 0, ""});
  } else if (!there) {
    return {0, ENOENT};
  }
  *file = std::make_unique<JournalFile>(*this, names_[path]);
  return {};
}

IoResult JournalFileSystem::MakeDirectory(const std::string&) { return {0, Dead() ? EIO : 0}; }

IoResult JournalFileSystem::List(const std::string& directory, std::vector<std::string>* names) {
  if (Dead()) return {0, EIO};
  names->clear();
  for (const auto& [path, file] : names_) {
    if (path.starts_with(directory + "/")) names->push_back(path.substr(directory.size() + 1));
  }
  return {};
}

IoResult JournalFileSystem::Remove(const std::string& path) {
  if (Dead()) return {0, EIO};
  if (names_.erase(path) == 0) return {0, ENOENT};
  journal_.push_back({Operation::Kind::kRemove, 0, path, 0, ""});
  return {};
}

IoResult JournalFileSystem::SyncDirectory(const std::string&) {
  if (Dead()) return {0, EIO};
  journal_.push_back({Operation::Kind::kSyncDirectory, 0, "", 0, ""});
  return {};
}

IoResult JournalFileSystem::Lock(const std::string&, std::unique_ptr<FileLock>* lock) {
  if (Dead()) return {0, EIO};
  *lock = std::make_unique<FileLock>();
  return {};
}

IoResult JournalFileSystem::FreeBytes(const std::string&) {
  return Dead() ? IoResult{0, EIO} : IoResult{INT64_MAX, 0};
}

IoResult JournalFileSystem::IsNetwork(const std::string&) { return {0, Dead() ? EIO : 0}; }

void CrashStates::Take(const Operation& operation) {
  if (operation.kind != Operation::Kind::kSyncFile &&
      operation.kind != Operation::Kind::kSyncDirectory) {
    stopped_.unsynced.push_back(&operation);
    return;
  }
  const auto covered = [&](const Operation* pending) {
    const bool write = pending->kind == Operation::Kind::kWrite;
    return operation.kind == Operation::Kind::kSyncDirectory
               ? !write
               : write && pending->file == operation.file;
  };
  for (const Operation* pending : stopped_.unsynced) {
    if (covered(pending)) stopped_.synced.Apply(*pending);
  }
  std::erase_if(stopped_.unsynced, covered);
}

const CrashState& CrashStates::After(size_t done) {
  CHECK(done >= taken_ && done <= journal_.size());
  while (taken_ < done) Take(journal_[taken_++]);
  return stopped_;
}

}  // namespace assent::log::testing
