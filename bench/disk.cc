// SPDX-License-Identifier: Apache-2.0
#include "bench/disk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "bench/report.h"

namespace assent::bench {
namespace {

constexpr size_t kSector = 512;
constexpr size_t kFileBytes = 4 << 20;

using Clock = std::chrono::steady_clock;

double MicrosecondsSince(Clock::time_point before) {
  return std::chrono::duration<double, std::micro>(Clock::now() - before).count();
}

}  // namespace

DiskSync MeasureDisk(const std::string& directory, int syncs) {
  const std::string path = directory + "/probe";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const std::vector<char> zeros(kFileBytes, 0);
  if (file < 0 || pwrite(file, zeros.data(), kFileBytes, 0) != static_cast<ssize_t>(kFileBytes) ||
      fsync(file) != 0) {
    GiveUp("cannot write " + path);
  }
  const std::vector<char> sector(kSector, 'x');
  std::vector<double> alone;
  std::vector<double> both;
  for (int i = 0; i < syncs; ++i) {
    const auto before = Clock::now();
    const auto offset = static_cast<off_t>(static_cast<size_t>(i) * kSector % kFileBytes);
    if (pwrite(file, sector.data(), kSector, offset) != static_cast<ssize_t>(kSector)) break;
    const auto written = Clock::now();
    if (fdatasync(file) != 0) break;
    alone.push_back(MicrosecondsSince(written));
    both.push_back(MicrosecondsSince(before));
  }
  close(file);
  unlink(path.c_str());
  return {Median(alone), Median(both)};
}

std::string FileSystemOf(const std::string& directory) {
  struct statfs stats {};
  if (statfs(directory.c_str(), &stats) != 0) return "unknown";
  switch (stats.f_type) {
    case EXT4_SUPER_MAGIC: return "ext4";
    case BTRFS_SUPER_MAGIC: return "btrfs";
    case XFS_SUPER_MAGIC: return "xfs";
    case TMPFS_MAGIC: return "tmpfs (in memory, not durable: the figures are meaningless)";
    case OVERLAYFS_SUPER_MAGIC: return "overlayfs";
    default: return Text("type 0x%lx", static_cast<unsigned long>(stats.f_type));
  }
}

}  // namespace assent::bench
