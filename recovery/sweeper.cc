// SPDX-License-Identifier: Apache-2.0
#include "recovery/sweeper.h"

namespace assent::recovery {

Sweeper::Sweeper(coordinator::Engine& engine, std::vector<xa::ResourceManager*> resources,
                 const log::Identity& identity, const Clock& clock, Random& random,
                 SweeperOptions options)
    : engine_(engine),
      own_(core::Gtrid::Make(identity.coordinator_id, identity.incarnation, identity.start_nonce,
                             0)),
      clock_(clock),
      random_(random),
      options_(options),
      handler_(options) {
  for (xa::ResourceManager* manager : resources) {
    resources_[manager->name()].manager = manager;
  }
}

Sweeper::~Sweeper() { Stop(); }

void Sweeper::Start() {
  engine_.Post([this](coordinator::Shard& shard) {
    handler_.Attach(shard);
    shard.on_scan_wanted = [this](const std::string& name) { Hasten(name); };
  });
  thread_ = std::thread([this] { Run(); });
}

void Sweeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Sweeper::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Monotonic now = clock_.Now();
    Monotonic next = now + options_.interval;
    for (auto& [name, resource] : resources_) {
      if (resource.scanning) continue;
      if (resource.next <= now) {
        resource.scanning = true;
        lock.unlock();
        StartScan(resource);
        lock.lock();
      } else {
        next = std::min(next, resource.next);
      }
    }
    wake_.wait_for(lock, next - clock_.Now());
  }
}

void Sweeper::StartScan(Resource& resource) {
  const Monotonic started = clock_.Now();
  resource.manager->Scan(own_, [this, &resource, started](xa::ScanResult scan) {
    engine_.Post([this, &resource, started, scan = std::move(scan)](coordinator::Shard& shard) {
      const auto again = handler_.Take(shard, resource.manager->name(), scan, started);
      if (again) Finish(resource, *again);
    });
  });
}

void Sweeper::Hasten(const std::string& name) {
  const std::lock_guard lock(mutex_);
  resources_.at(name).next = Monotonic{};
  wake_.notify_all();
}

void Sweeper::Finish(Resource& resource, Duration delay) {
  const auto jitter =
      static_cast<int64_t>(random_.Below(static_cast<uint64_t>(delay.count() / 4 + 1)));
  const std::lock_guard lock(mutex_);
  resource.scanning = false;
  resource.next = clock_.Now() + (delay - Duration(jitter));
  wake_.notify_all();
}

}  // namespace assent::recovery
