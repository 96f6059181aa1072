// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "log/format.h"

namespace assent::sim {

using log::IoResult;
using log::kSectorBytes;

class Disk::Handle final : public log::File {
 public:
  Handle(Disk& owner, std::string path, std::shared_ptr<Node> node)
      : owner_(owner), path_(std::move(path)), node_(std::move(node)) {}

  IoResult Read(uint64_t offset, char* to, size_t size) override {
    if (owner_.Dead()) return {0, EIO};
    if (offset >= node_->now.size()) return {};
    const size_t count = std::min<size_t>(size, node_->now.size() - offset);
    std::memcpy(to, node_->now.data() + offset, count);
    return {static_cast<int64_t>(count), 0};
  }

  IoResult Write(uint64_t offset, const char* from, size_t size) override {
    if (owner_.Dead()) return {0, EIO};
    Simulator& sim = owner_.sim_;
    if (sim.rng.Chance(owner_.faults.write_fails)) {
      sim.Count(Fault::kWriteFails);
      return {0, EIO};
    }
    if (owner_.faults.full && offset + size > node_->now.size()) {
      sim.Count(Fault::kDiskFull);
      return {0, ENOSPC};
    }
    if (sim.rng.Chance(owner_.faults.short_write)) {
      sim.Count(Fault::kShortWrite);
      // Local file systems write short between pages, so never within a sector.
      if (size <= kSectorBytes || sim.rng.Chance(500)) return {0, EINTR};
      size = kSectorBytes * (1 + sim.rng.Below((size - 1) / kSectorBytes));
    }
    if (offset + size > node_->now.size()) node_->now.resize(offset + size, '\0');
    std::memcpy(node_->now.data() + offset, from, size);
    const uint64_t last = (offset + size - 1) / kSectorBytes;
    for (uint64_t at = offset / kSectorBytes; at <= last; ++at) {
      if (node_->dirty.empty() || node_->dirty.back() != at) {
        node_->dirty.push_back(static_cast<uint32_t>(at));
      }
    }
    return {static_cast<int64_t>(size), 0};
  }

  IoResult Size() override {
    if (owner_.Dead()) return {0, EIO};
    return {static_cast<int64_t>(node_->now.size()), 0};
  }

  // Only this class uses the disk, so a run is never cut at this call.
  IoResult IsNamed(const std::string& path) override {
    if (owner_.cut_) return {0, EIO};
    const auto named = owner_.names_.find(path);
    return {named != owner_.names_.end() && named->second == node_ ? 1 : 0, 0};
  }

  IoResult SyncData() override {
    if (owner_.Dead()) return {0, EIO};
    Simulator& sim = owner_.sim_;
    if (sim.Has(SeededBug::kSkipSync) && node_->durable.size() == node_->now.size()) return {};
    if (sim.rng.Chance(owner_.faults.sync_fails)) {
      sim.Count(Fault::kSyncFails);
      for (uint32_t sector : node_->dirty) {
        if (sim.rng.Chance(500)) {
          owner_.MakeDurable(path_, *node_, sector);
        } else {
          node_->doubtful.push_back(sector);
        }
      }
      node_->dirty.clear();
      return {0, EIO};
    }
    if (node_->durable.empty()) {  // first sync of a new file: all sectors
      node_->durable = node_->now;
    } else {
      for (uint32_t sector : node_->dirty) owner_.MakeDurable(path_, *node_, sector);
    }
    node_->dirty.clear();
    return {};
  }

 private:
  Disk& owner_;
  const std::string path_;
  std::shared_ptr<Node> node_;
};

void Disk::MakeDurable(const std::string& path, Node& node, uint32_t sector) {
  const size_t at = sector * kSectorBytes;
  if (at >= node.now.size()) return;
  const size_t size = std::min(kSectorBytes, node.now.size() - at);
  if (node.durable.size() < at + size) node.durable.resize(at + size, '\0');
  std::memcpy(node.durable.data() + at, node.now.data() + at, size);
  std::erase(node.doubtful, sector);
  if (on_durable && size == kSectorBytes) on_durable(path, sector, node.durable.data() + at);
}

bool Disk::Dead() {
  if (cut_) return true;
  if (calls_left_ && (*calls_left_)-- == 0) {
    cut_ = true;
    sim_.disk_cut = true;
    calls_left_.reset();
  }
  return cut_;
}

void Disk::Revive() {
  cut_ = false;
  calls_left_.reset();
}

// Decides what a power loss leaves of a file.
void Disk::Settle(Node& node) {
  std::string bytes = node.durable;
  if (bytes.size() < node.now.size() && sim_.rng.Chance(500)) bytes.resize(node.now.size(), '\0');
  for (uint32_t sector : node.dirty) {
    const size_t at = sector * kSectorBytes;
    if (at >= bytes.size() || at >= node.now.size()) continue;
    if (sim_.rng.Chance(500)) {
      sim_.Count(Fault::kSectorLost);
      continue;
    }
    const size_t size = std::min({kSectorBytes, bytes.size() - at, node.now.size() - at});
    std::memcpy(bytes.data() + at, node.now.data() + at, size);
  }
  node.dirty.clear();
  node.doubtful.clear();
  node.now = bytes;
  node.durable = std::move(bytes);
}

void Disk::Recover() {
  Names names = durable_names_;
  std::set<std::string> all;
  for (const auto& [name, node] : names_) all.insert(name);
  for (const auto& [name, node] : durable_names_) all.insert(name);
  for (const std::string& name : all) {
    const auto now = names_.find(name);
    const auto before = durable_names_.find(name);
    if (now != names_.end() && before != durable_names_.end() && now->second == before->second) {
      continue;
    }
    if (sim_.rng.Chance(500)) {
      sim_.Count(Fault::kNameLost);
      continue;
    }
    names.erase(name);
    if (now != names_.end()) names.emplace(name, now->second);
  }
  for (auto& [name, node] : names) Settle(*node);
  names_ = names;
  durable_names_ = std::move(names);
  Revive();
}

std::unique_ptr<Disk> Disk::Copy() const {
  auto copy = std::make_unique<Disk>(sim_);
  for (const auto& [name, node] : names_) {
    auto fresh = std::make_shared<Node>();
    fresh->now = fresh->durable = node->now;
    copy->names_[name] = copy->durable_names_[name] = std::move(fresh);
  }
  return copy;
}

bool Disk::FlipBit(std::string* what) {
  std::vector<std::pair<std::string, size_t>> written;  // sectors that are not all zeros
  for (const auto& [name, node] : names_) {
    if (!name.ends_with(".seg")) continue;
    for (size_t at = 0; at + kSectorBytes <= node->now.size(); at += kSectorBytes) {
      if (node->now[at + 8] != 0 || node->now[at] != 0) written.emplace_back(name, at);
    }
  }
  if (written.empty()) return false;
  const auto& [name, at] = written[sim_.rng.Below(written.size())];
  if (sim_.Has(SeededBug::kTornTailAccepted)) {
    names_[name]->now.replace(at, kSectorBytes, kSectorBytes, '\0');
    names_[name]->durable = names_[name]->now;
    *what = name + " sector at " + std::to_string(at);
    return true;
  }
  const size_t byte = at + sim_.rng.Below(kSectorBytes);
  const auto mask = static_cast<char>(1u << sim_.rng.Below(8));
  names_[name]->now[byte] = static_cast<char>(names_[name]->now[byte] ^ mask);
  names_[name]->durable = names_[name]->now;
  *what = name + " byte " + std::to_string(byte);
  return true;
}

IoResult Disk::Open(const std::string& path, log::OpenMode mode, std::unique_ptr<log::File>* file) {
  if (Dead()) return {0, EIO};
  auto found = names_.find(path);
  if (mode == log::OpenMode::kCreate) {
    if (found != names_.end()) return {0, EEXIST};
    found = names_.emplace(path, std::make_shared<Node>()).first;
  } else if (found == names_.end()) {
    return {0, ENOENT};
  }
  *file = std::make_unique<Handle>(*this, path, found->second);
  return {};
}

IoResult Disk::MakeDirectory(const std::string&) { return {0, Dead() ? EIO : 0}; }

IoResult Disk::List(const std::string& directory, std::vector<std::string>* names) {
  if (Dead()) return {0, EIO};
  names->clear();
  for (const auto& [path, node] : names_) {
    if (path.starts_with(directory + "/")) names->push_back(path.substr(directory.size() + 1));
  }
  return {};
}

IoResult Disk::Remove(const std::string& path) {
  if (Dead()) return {0, EIO};
  return {0, names_.erase(path) == 1 ? 0 : ENOENT};
}

IoResult Disk::SyncDirectory(const std::string&) {
  if (Dead()) return {0, EIO};
  if (sim_.rng.Chance(faults.sync_fails)) {
    sim_.Count(Fault::kSyncFails);
    return {0, EIO};
  }
  durable_names_ = names_;
  return {};
}

IoResult Disk::Lock(const std::string&, std::unique_ptr<log::FileLock>* lock) {
  if (Dead()) return {0, EIO};
  *lock = std::make_unique<log::FileLock>();
  return {};
}

IoResult Disk::FreeBytes(const std::string&) {
  return Dead() ? IoResult{0, EIO} : IoResult{faults.full ? 0 : INT64_MAX, 0};
}

IoResult Disk::IsNetwork(const std::string&) { return {0, Dead() ? EIO : 0}; }

}  // namespace assent::sim
