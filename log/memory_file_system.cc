// SPDX-License-Identifier: Apache-2.0
#include "log/memory_file_system.h"

#include <algorithm>
#include <cerrno>

#include "log/format.h"

namespace assent::log::testing {

class MemoryFileSystem::MemoryFile final : public File {
 public:
  MemoryFile(MemoryFileSystem& owner, std::shared_ptr<Node> node)
      : owner_(owner), node_(std::move(node)) {}

  IoResult Read(uint64_t offset, char* to, size_t size) override {
    std::lock_guard lock(owner_.mutex_);
    if (owner_.Dead()) return {0, EIO};
    if (offset >= node_->now.size()) return {};
    const size_t count = std::min<size_t>(size, node_->now.size() - offset);
    std::copy_n(node_->now.data() + offset, count, to);
    return {static_cast<int64_t>(count), 0};
  }
  IoResult Write(uint64_t offset, const char* from, size_t size) override {
    std::lock_guard lock(owner_.mutex_);
    if (owner_.Dead()) return {0, EIO};
    if (offset + size > node_->now.size()) node_->now.resize(offset + size, '\0');
    std::copy_n(from, size, node_->now.data() + offset);
    for (uint64_t at = offset / kSectorBytes; at * kSectorBytes < offset + size; ++at) {
      node_->unsynced.insert(at);
    }
    return {static_cast<int64_t>(size), 0};
  }
  IoResult Size() override {
    std::lock_guard lock(owner_.mutex_);
    if (owner_.Dead()) return {0, EIO};
    return {static_cast<int64_t>(node_->now.size()), 0};
  }
  IoResult SyncData() override {
    std::lock_guard lock(owner_.mutex_);
    if (owner_.Dead()) return {0, EIO};
    node_->durable = node_->now;
    node_->unsynced.clear();
    return {};
  }
  IoResult IsNamed(const std::string& path) override {
    std::lock_guard lock(owner_.mutex_);
    if (owner_.Dead()) return {0, EIO};
    const auto named = owner_.names_.find(path);
    return {named != owner_.names_.end() && named->second == node_ ? 1 : 0, 0};
  }

 private:
  MemoryFileSystem& owner_;
  std::shared_ptr<Node> node_;
};

void MemoryFileSystem::CutAfter(uint64_t calls) {
  std::lock_guard lock(mutex_);
  calls_left_ = calls;
}

void MemoryFileSystem::Cut() {
  std::lock_guard lock(mutex_);
  cut_ = true;
}

uint64_t MemoryFileSystem::lost() const {
  std::lock_guard lock(mutex_);
  return lost_;
}

void MemoryFileSystem::Revive() {
  std::lock_guard lock(mutex_);
  cut_ = false;
  calls_left_.reset();
}

bool MemoryFileSystem::Dead() {
  if (calls_left_ && (*calls_left_)-- == 0) {
    cut_ = true;
    calls_left_.reset();
  }
  return cut_;
}

void MemoryFileSystem::Recover(Random& random) {
  std::lock_guard lock(mutex_);
  // Each name that was added or removed since the last sync survives or not by itself.
  Names names = durable_names_;
  std::set<std::string> all;
  for (const auto& [name, node] : names_) all.insert(name);
  for (const auto& [name, node] : durable_names_) all.insert(name);
  for (const std::string& name : all) {
    const auto now = names_.find(name);
    const auto before = durable_names_.find(name);
    const bool same =
        now != names_.end() && before != durable_names_.end() && now->second == before->second;
    if (same) continue;
    if (random.Below(2) == 0) {
      ++lost_;
      continue;
    }
    names.erase(name);
    if (now != names_.end()) names.emplace(name, now->second);
  }
  for (auto& [name, node] : names) {
    std::string bytes = node->durable;
    // The grown length of a file is kept or lost like a sector.
    if (random.Below(2) == 0) bytes.resize(std::max(bytes.size(), node->now.size()), '\0');
    for (uint64_t sector : node->unsynced) {
      const size_t at = sector * kSectorBytes;
      if (at >= bytes.size()) continue;
      if (random.Below(2) == 0) {
        ++lost_;
        continue;
      }
      const size_t size = std::min({kSectorBytes, bytes.size() - at, node->now.size() - at});
      bytes.replace(at, size, node->now, at, size);
    }
    auto fresh = std::make_shared<Node>();
    fresh->now = bytes;
    fresh->durable = std::move(bytes);
    node = std::move(fresh);
  }
  names_ = names;
  durable_names_ = std::move(names);
  cut_ = false;
  calls_left_.reset();
}

IoResult MemoryFileSystem::Open(const std::string& path, OpenMode mode,
                                std::unique_ptr<File>* file) {
  std::lock_guard lock(mutex_);
  if (Dead()) return {0, EIO};
  const bool there = names_.contains(path);
  if (mode == OpenMode::kCreate) {
    if (there) return {0, EEXIST};
    names_[path] = std::make_shared<Node>();
  } else if (!there) {
    return {0, ENOENT};
  }
  *file = std::make_unique<MemoryFile>(*this, names_[path]);
  return {};
}

IoResult MemoryFileSystem::MakeDirectory(const std::string&) {
  std::lock_guard lock(mutex_);
  return {0, Dead() ? EIO : 0};
}

IoResult MemoryFileSystem::List(const std::string& directory, std::vector<std::string>* names) {
  std::lock_guard lock(mutex_);
  if (Dead()) return {0, EIO};
  names->clear();
  for (const auto& [path, node] : names_) {
    if (path.starts_with(directory + "/")) names->push_back(path.substr(directory.size() + 1));
  }
  return {};
}

IoResult MemoryFileSystem::Remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Dead()) return {0, EIO};
  return {0, names_.erase(path) == 1 ? 0 : ENOENT};
}

IoResult MemoryFileSystem::SyncDirectory(const std::string&) {
  std::lock_guard lock(mutex_);
  if (Dead()) return {0, EIO};
  durable_names_ = names_;
  return {};
}

IoResult MemoryFileSystem::Lock(const std::string&, std::unique_ptr<FileLock>* lock) {
  std::lock_guard guard(mutex_);
  if (Dead()) return {0, EIO};
  *lock = std::make_unique<FileLock>();
  return {};
}

IoResult MemoryFileSystem::FreeBytes(const std::string&) {
  std::lock_guard lock(mutex_);
  return Dead() ? IoResult{0, EIO} : IoResult{INT64_MAX, 0};
}

IoResult MemoryFileSystem::IsNetwork(const std::string&) {
  std::lock_guard lock(mutex_);
  return {0, Dead() ? EIO : 0};
}

}  // namespace assent::log::testing
