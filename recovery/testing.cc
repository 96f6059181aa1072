// SPDX-License-Identifier: Apache-2.0
// Restarts a coordinator in tests.
#include "recovery/testing.h"

#include <filesystem>
#include <utility>

#include "base/check.h"
#include "base/random.h"

namespace assent::recovery {
namespace {

class NoSink final : public log::DurableSink {
 public:
  void OnDurable(log::Lsn) override {}
  void OnFailure(const Error& error) override { CHECK(false) << error.message; }
  void OnPressure(log::Lsn) override {}
};

}  // namespace

LogOnDisk::LogOnDisk(const std::string& parent) : options_{parent + "/log", 1 << 20, 0, 64 << 20} {}

void LogOnDisk::Write(const std::vector<std::string>& payloads) {
  auto recovered = log::Open(log::PosixFileSystem(), options_);
  CHECK(recovered.has_value()) << recovered.error().message;
  NoSink sink;
  auto started = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered), {},
                                         SystemRandom(), sink);
  CHECK(started.has_value()) << started.error().message;
  for (const std::string& payload : payloads) (*started)->Append(payload, log::Urgency::kForce);
  (*started)->Stop();
}

void LogOnDisk::Erase() { std::filesystem::remove_all(options_.directory); }

Result<Rebuilt> LogOnDisk::Read() const {
  auto recovered = log::Open(log::PosixFileSystem(), options_);
  if (!recovered) return recovered.error();
  return Replay(*recovered, engine_, SystemClock().Wall());
}

Rebuilt LogOnDisk::MustRead() const {
  auto rebuilt = Read();
  CHECK(rebuilt.has_value()) << rebuilt.error().message;
  return std::move(*rebuilt);
}

std::unique_ptr<coordinator::ShardFixture> LogOnDisk::Restart() const {
  constexpr uint32_t kNextIncarnation = 4;  // ShardFixture has 3
  Rebuilt rebuilt = MustRead();
  auto fixture = std::make_unique<coordinator::ShardFixture>(engine_, kNextIncarnation);
  fixture->log.records = rebuilt.copies;
  rebuilt.AssignLsns(1);
  fixture->shard->Restore(std::move(rebuilt.restored));
  return fixture;
}

}  // namespace assent::recovery
