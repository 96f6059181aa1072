// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/resource.h"

#include <atomic>
#include <optional>
#include <utility>

#include "participants/sql/answers.h"
#include "participants/sql/canceller.h"
#include "participants/sql/control.h"
#include "participants/sql/lost_sessions.h"
#include "participants/sql/phase_two.h"
#include "participants/sql/pool.h"
#include "participants/sql/server_view.h"

namespace assent::sql {
namespace {

using core::Operation;
using xa::Code;

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
  void Submit(xa::Call call) override;
  void Cancel(const xa::Xid& xid) override { pool_->Cancel(xid); }
  void Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done) override {
    control_->Scan(own, std::move(done));
  }
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return driver_->Check(sql);
  }
  xa::ResourceStatus Status() const override;
  std::string WhyNotOpen(const xa::Xid& xid) const override { return pool_->WhyWaiting(xid); }
  std::string ListedAs(const xa::Xid& xid) const override {
    // XA RECOVER shows both parts joined in its column `data`.
    return options_.driver == "mysql" ? xid.gtrid_text() + xid.bqual_text() : xid.ToPostgreSql();
  }
  std::string HowToLook(const xa::Xid& xid, bool witnessed) const override;
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

 private:
  void Answer(xa::Completion completion) { sink_->OnCompletion(std::move(completion)); }
  void OnUp();
  void OnDown(const std::string& detail);
  // The branch has no connection here.
  void SubmitUnattached(const xa::Call& call);

  const ResourceOptions options_;
  const std::unique_ptr<Driver> driver_;
  Random& random_;
  xa::CompletionSink* sink_ = nullptr;
  std::atomic<bool> stopped_{false};
  ServerView view_;
  LostSessions lost_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<PhaseTwo> phase_two_;
  std::unique_ptr<Canceller> canceller_;
  std::unique_ptr<Control> control_;
};

void Resource::Start(xa::CompletionSink& sink) {
  sink_ = &sink;
  const auto answer = [this](xa::Completion completion) { Answer(std::move(completion)); };
  pool_ = std::make_unique<Pool>(
      options_, *driver_, view_, lost_,
      Pool::Hooks{
          .answer = answer,
          .reroute = [this](xa::Call call) { SubmitUnattached(call); },
          .cancel =
              [this](std::shared_ptr<Branch> branch, SessionId session, uint64_t statement) {
                canceller_->Cancel(
                    {std::move(session),
                     [this, branch, statement] { return pool_->Hold(*branch, statement); },
                     [this, branch] { pool_->LetGo(*branch); },
                     [this, branch, statement] { pool_->Sever(*branch, statement); }});
              }});
  canceller_ = std::make_unique<Canceller>(options_, *driver_, view_);
  phase_two_ = std::make_unique<PhaseTwo>(*driver_, view_, lost_, answer);
  control_ = std::make_unique<Control>(
      options_, *driver_, view_, random_,
      Control::Hooks{.on_up = [this] { OnUp(); },
                     .on_down = [this](const std::string& detail) { OnDown(detail); }});
  view_.suspect = [this] { control_->Probe(); };
  control_->Probe();
}

// In this order: cancels still reach what runs, and what frees locks is the last to go.
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

void Resource::Submit(xa::Call call) {
  if (call.operation == Operation::kForget) {  // no SQL server has it
    Answer(Answered(call, Code::kOk));
    return;
  }
  if (call.operation == Operation::kFind || !pool_->Submit(call)) SubmitUnattached(call);
}

void Resource::SubmitUnattached(const xa::Call& call) {
  switch (call.operation) {
    case Operation::kRun:
    case Operation::kCommitOnePhase:  // it never went out, so it cannot commit
      return Answer(Answered(call, Code::kRbCommFail, ConnectionLost()));
    case Operation::kPrepare: return Answer(Answered(call, Code::kErRmFail, ConnectionLost()));
    case Operation::kRollBack:
      // Never asked to prepare and no session to look for: it never began, or has ended.
      if (!call.prepare_sent && !lost_.Find(call.xid)) return Answer(Answered(call, Code::kOk));
      break;
    default: break;
  }
  if (!phase_two_->Submit(call)) {
    Answer(Answered(call, call.operation == Operation::kFind ? Code::kOk : Code::kErRmFail,
                    ShuttingDown()));
  }
}

std::string Resource::HowToLook(const xa::Xid& xid, bool witnessed) const {
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
