// SPDX-License-Identifier: Apache-2.0
// The modelled disk under the log: unsynced data may be lost, torn by sector and reordered.
//
// Contract: `now` is what a reader on the running machine sees, `durable` what survives a power
// loss. After a cut every call fails, as if the machine had stopped there. Recover decides sector
// by sector and name by name which unsynced data reached the disk; Revive keeps everything written,
// because only the process ended. After a failed sync the sectors are clean, whether they reached
// the disk or not. Threads: one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "log/file_system.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

class Disk final : public log::FileSystem {
 public:
  explicit Disk(Simulator& sim) : sim_(sim) {}

  // The faults that the seed injects, per mille of the calls.
  struct Faults {
    uint32_t sync_fails = 0, write_fails = 0, short_write = 0;
    bool full = false;  // no space for new bytes
  };
  Faults faults;
  // Called with the bytes of each sector that becomes durable, in order.
  std::function<void(const std::string& path, uint64_t sector, const char* bytes)> on_durable;

  void CutAfter(uint64_t calls) { calls_left_ = calls; }
  void Cut() { cut_ = true; }
  bool cut() const { return cut_; }
  bool armed() const { return calls_left_.has_value(); }
  void Recover();
  void Revive();
  // A copy of what a reader sees now.
  std::unique_ptr<Disk> Copy() const;
  // Flips one bit on the disk, selected by the seed. Returns false if the disk is empty.
  bool FlipBit(std::string* what);

  log::IoResult Open(const std::string& path, log::OpenMode mode,
                     std::unique_ptr<log::File>* file) override;
  log::IoResult MakeDirectory(const std::string& path) override;
  log::IoResult List(const std::string& directory, std::vector<std::string>* names) override;
  log::IoResult Remove(const std::string& path) override;
  log::IoResult SyncDirectory(const std::string& directory) override;
  log::IoResult Lock(const std::string& path, std::unique_ptr<log::FileLock>* lock) override;
  log::IoResult FreeBytes(const std::string& directory) override;
  log::IoResult IsNetwork(const std::string& directory) override;

 private:
  struct Node {
    std::string now;
    std::string durable;
    std::vector<uint32_t> dirty;     // sectors written since the last sync
    std::vector<uint32_t> doubtful;  // clean after a failed sync, but not on the disk
  };
  class Handle;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  bool Dead();  // counts one call; true if the disk is cut
  void MakeDurable(const std::string& path, Node& node, uint32_t sector);
  void Settle(Node& node);

  Simulator& sim_;
  std::optional<uint64_t> calls_left_;
  bool cut_ = false;
  Names names_;
  Names durable_names_;
};

}  // namespace assent::sim
