// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/resource.h"

#include <atomic>
#include <optional>
#include <utility>

#include "participants/sql/canceller.h"
#include "participants/sql/control.h"
#include "participants/sql/lost_sessions.h"
#include "participants/sql/phase_two.h"
#include "participants/sql/pool.h"
#include "participants/sql/server_view.h"

namespace assent::sql {
namespace {

class Resource : public xa::ResourceManager {
 public:
  Resource(ResourceOptions options, std::unique_ptr<Driver> driver, Random& random)
      : options_(std::move(options)), driver_(std::move(driver)), random_(random) {
    view_.suspect = [] {};
  }
  ~Resource() override { Stop(); }

  const std::string& name() const override { return options_.name; }
  void Start(xa::CompletionSink& sink) override;
  void Stop() override;
  void Submit(xa::Flight flight) override {
    // kFind reads the server's list, whichever session holds the branch.
    const bool looks = flight.calls.front().operation == core::Operation::kFind;
    if (looks || !pool_->Submit(flight)) phase_two_->Submit(std::move(flight));
  }
  void Cancel(const xa::Xid& xid) override { pool_->Cancel(xid); }
  void Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done) override {
    control_->Scan(own, std::move(done));
  }
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return driver_->Check(sql);
  }
  xa::ResourceStatus Status() const override;
  std::string WhyNoXa() const override { return driver_->WhyNoXa(); }
  std::string WhyNotOpen(const xa::Xid& xid) const override { return pool_->WhyWaiting(xid); }
  std::string ListedAs(const xa::Xid& xid) const override {
    // XA RECOVER shows both parts concatenated in its column `data`.
    return options_.driver == "mysql" ? xid.gtrid_text() + xid.bqual_text() : xid.ToPostgreSql();
  }
  std::string HowToInspect(const xa::Xid& xid, bool witnessed) const override;
  std::string HowToDecide(const xa::Xid& xid, bool committed) const override;
  void PurgeWitness(std::vector<xa::Xid> ended) override {
    control_->PurgeWitness(std::move(ended));
  }
  void PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                        std::vector<xa::Xid> keep) override {
    control_->PurgeWitnessesOf(coordinator_id, below_incarnation, std::move(keep));
  }
  void Install(std::function<void(Result<std::string>)> done) override {
    control_->Install(std::move(done));
  }
  std::string InstallText() const override { return driver_->InstallText(); }
  void Examine(const xa::Xid& trial, std::function<void(std::vector<xa::Finding>)> done) override {
    control_->Examine(trial, std::move(done));
  }

 private:
  void OnUp();
  void OnDown(const std::string& detail);

  const ResourceOptions options_;
  const std::unique_ptr<Driver> driver_;
  Random& random_;
  xa::CompletionSink* sink_ = nullptr;
  std::atomic<bool> stopped_{false};
  ServerView view_;
  LostSessions lost_;
  std::unique_ptr<Canceller> canceller_;
  std::unique_ptr<PhaseTwo> phase_two_;
  std::unique_ptr<Pool> pool_;  // uses the two above
  std::unique_ptr<Control> control_;
};

void Resource::Start(xa::CompletionSink& sink) {
  sink_ = &sink;
  const auto answer = [&sink](xa::Completion completion) {
    sink.OnCompletion(std::move(completion));
  };
  canceller_ = std::make_unique<Canceller>(options_, *driver_, view_);
  phase_two_ = std::make_unique<PhaseTwo>(*driver_, view_, lost_, answer);
  pool_ =
      std::make_unique<Pool>(options_, *driver_, view_, lost_, *canceller_, *phase_two_, answer);
  control_ = std::make_unique<Control>(
      options_, *driver_, view_, random_,
      Control::Hooks{.on_up = [this] { OnUp(); },
                     .on_down = [this](const std::string& detail) { OnDown(detail); }});
  view_.suspect = [this] { control_->Probe(); };
  control_->Probe();
}

// The order matters: cancels still reach running statements, and what frees locks stops last.
void Resource::Stop() {
  if (sink_ == nullptr || stopped_.exchange(true)) return;
  pool_->Stop();
  canceller_->Stop();
  phase_two_->Stop();
  control_->Stop();
}

void Resource::OnUp() {
  canceller_->Connect();
  pool_->OnUp();
  sink_->OnHealth(options_.name, xa::Health::kUp);
}

void Resource::OnDown(const std::string& detail) {
  pool_->OnDown(detail);
  sink_->OnHealth(options_.name, xa::Health::kDown);
}

std::string Resource::HowToInspect(const xa::Xid& xid, bool witnessed) const {
  if (!driver_->WhyNoXa().empty()) {
    return "SELECT mark FROM assent_witness WHERE xid = '" + xid.gtrid_text() + "-" +
           xid.bqual_text() + "' shows C if it committed.";
  }
  const bool is_mysql = options_.driver == "mysql";
  std::string text =
      is_mysql ? "XA RECOVER lists '" + ListedAs(xid) + "'"
               : "SELECT * FROM pg_prepared_xacts WHERE gid = '" + ListedAs(xid) + "' shows a row";
  text += " while it is prepared";
  if (witnessed) {
    const std::string key = xid.gtrid_text() + (is_mysql ? "" : "-") + xid.bqual_text();
    text += ", and SELECT mark FROM assent_witness WHERE xid = '" + key +
            "' shows C where it committed, R where it did not";
  }
  return text + ".";
}

std::string Resource::HowToDecide(const xa::Xid& xid, bool committed) const {
  const bool is_mysql = options_.driver == "mysql";
  return "INSERT INTO assent_witness (xid, mark, created_at) VALUES ('" + xid.gtrid_text() +
         (is_mysql ? "" : "-") + xid.bqual_text() + "', '" + (committed ? "C" : "R") +
         "', CURRENT_TIMESTAMP)";
}

xa::ResourceStatus Resource::Status() const {
  xa::ResourceStatus status;
  status.name = options_.name;
  status.driver = driver_->driver_name();
  status.health = view_.health();
  status.detail = view_.detail();
  status.pool = options_.pool;
  const auto probe = view_.probe();
  status.dialect = probe->dialect;
  status.server_version = probe->server_version;
  status.stamp = probe->stamp;
  status.witness = probe->witness;
  status.keeps_prepared = probe->keeps_prepared;
  status.warnings = probe->warnings;
  status.why_no_last_resource = probe->why_no_last_resource;
  if (pool_ != nullptr) {
    const Pool::Counts counts = pool_->counts();
    status.in_use = counts.in_use;
    status.waiting = counts.waiting;
  }
  return status;
}

}  // namespace

std::unique_ptr<xa::ResourceManager> MakeSqlResource(ResourceOptions options,
                                                     std::unique_ptr<Driver> driver,
                                                     Random& random) {
  return std::make_unique<Resource>(std::move(options), std::move(driver), random);
}

}  // namespace assent::sql
