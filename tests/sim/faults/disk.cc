// The coordinator's disk and clock: errors, no room, slow syncs, flipped bits, jumps.
#include "tests/sim/faults/list.h"

#include "log/directory.h"
#include "recovery/judge.h"
#include "recovery/replay.h"

namespace assent::sim {

using namespace std::chrono_literals;

void DiskErrors(Stage& stage) {
  Rng& rng = stage.world.rng;
  auto& faults = stage.disk.faults;
  if (rng.Chance(500)) faults.sync_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(300)) faults.write_fails = 2 + static_cast<uint32_t>(rng.Below(20));
  if (rng.Chance(500)) faults.short_write = 20 + static_cast<uint32_t>(rng.Below(300));
  if (rng.Chance(500)) stage.process.SlowSyncs(10 + static_cast<uint32_t>(rng.Below(60)));
  stage.heal.push_back([&stage] {
    stage.disk.faults = {};
    stage.process.SlowSyncs(0);
  });
}

void DiskFull(Stage& stage) {
  stage.Every(1s, 8s, [&stage] { stage.disk.faults.full = !stage.disk.faults.full; });
  stage.heal.push_back([&stage] { stage.disk.faults.full = false; });
}

void BitFlips(Stage& stage) {
  stage.Every(3s, 20s, [&stage] {
    stage.auditor.FlipBitOfACopy(stage.process.settings().engine, stage.process.settings().log);
  });
}

void ClockJumps(Stage& stage) {
  stage.Every(2s, 15s, [&stage] {
    stage.world.Count(Fault::kClockJump);
    // Together less than outcomes are kept.
    stage.world.wall_offset_ns = stage.world.rng.Between(-20min, 20min).count();
    stage.world.Tell(0xc10c, [] { return std::string("the wall clock jumps"); });
  });
}

namespace {

class NoLog final : public coordinator::LogPort {
 public:
  log::Lsn Append(std::string, log::Urgency) override { return ++lsn_; }
  void Release(const std::vector<log::Lsn>&) override {}
  uint64_t RoomBytes() const override { return 1 << 30; }

 private:
  log::Lsn lsn_ = 0;
};

struct MustStop {};

// A coordinator that was started over a copy of the log directory looks at every database. Where it
// finds a branch of a newer incarnation, or of its own with another nonce, it stops at once.
void StartOverCopy(Stage& stage, Disk& copy) {
  const auto& settings = stage.process.settings();
  auto recovered = log::Open(copy, settings.log);
  if (!recovered) return;
  auto rebuilt = recovery::Replay(*recovered, settings.engine, stage.world.Wall());
  if (!rebuilt) return;
  auto started = log::StartWriter(copy, std::move(*recovered), rebuilt->copies, stage.world.rng);
  if (!started) return;
  NoLog no_log;
  coordinator::ShardContext context;
  context.options = settings.engine;
  context.clock = &stage.world;
  context.random = &stage.world.rng;
  context.log = &no_log;
  context.identity = started->writer->identity();
  context.fatal = [](coordinator::FatalReason, const std::string&) { throw MustStop(); };
  const log::Identity identity = context.identity;
  coordinator::Shard shard(std::move(context));
  recovery::Judge judge({});
  for (Database* database : stage.databases) {
    xa::ScanResult scan;
    scan.complete = true;
    scan.stamp = database->stamp();
    bool newer = false;
    for (const xa::Xid& xid : database->List()) {
      scan.listed.push_back({xid, ""});
      const core::Gtrid& gtrid = xid.gtrid;
      if (gtrid.coordinator_id() != identity.coordinator_id) continue;
      newer |= gtrid.incarnation() > identity.incarnation ||
               (gtrid.incarnation() == identity.incarnation &&
                gtrid.start_nonce() != identity.start_nonce);
    }
    if (!newer) continue;
    stage.world.Count(Fault::kLogCloned);
    bool stopped = false;
    if (stage.world.Planted(Plant::kIgnoreIncarnation)) scan.listed.clear();
    try {
      (void)judge.Take(shard, database->name(), scan, stage.world.Now());
    } catch (const MustStop&) {
      stopped = true;
      stage.world.Reach(Marker::kStale);
    }
    if (!stopped) {
      stage.world.Violate(Invariant::kStability,
                          "a copied log directory was not noticed at " + database->name());
    }
  }
}

}  // namespace

void ClonedLog(Stage& stage) {
  auto copy = std::make_shared<std::unique_ptr<Disk>>();
  stage.world.At(stage.world.rng.Between(1s, 5s), [&stage, copy] {
    if (!stage.disk.cut()) *copy = stage.disk.Copy();
  });
  const auto starts = std::make_shared<uint64_t>(0);
  stage.Every(50ms, 500ms, [&stage, copy, starts] {
    if (*starts == 0) *starts = stage.process.starts();
    if (!*copy || stage.process.starts() < *starts + 2) return;
    size_t in_doubt = 0;
    for (Database* database : stage.databases) in_doubt += database->InDoubt().size();
    if (in_doubt == 0) return;
    auto again = (*copy)->Copy();
    StartOverCopy(stage, *again);
  });
}

}  // namespace assent::sim
