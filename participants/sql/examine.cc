// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/examine.h"

#include <algorithm>
#include <utility>

namespace assent::sql {
namespace {

using xa::Code;

class Examination {
 public:
  Examination(const ResourceOptions& options, Driver& driver, const xa::Xid& trial)
      : options_(options), driver_(driver), trial_(trial) {}

  std::vector<xa::Finding> Run() {
    if (!Connect() || !LookAtServer()) return std::move(findings_);
    LookAtWitness();
    if (driver_.WhyNoXa().empty()) {
      TryBranch();
    } else {
      TryLastResource();
    }
    return std::move(findings_);
  }

 private:
  bool Add(const char* subject, bool ok, std::string detail) {
    findings_.push_back({subject, ok, std::move(detail)});
    return ok;
  }

  // One connection as control has it, and one as branches have it.
  bool Connect() {
    auto control = driver_.Connect();
    if (!control) return Add("connection", false, control.error().message);
    auto branches = driver_.ConnectForBranches();
    if (!branches) return Add("connection", false, branches.error().message);
    control_ = std::move(*control);
    branch_ = std::move(*branches);
    return Add("connection", true, "connected as the configured user");
  }

  bool LookAtServer() {
    Result<Probe> probe = control_->ProbeServer();
    if (!probe) return Add("server", false, probe.error().message);
    probe_ = std::move(*probe);
    Add("server", true,
        probe_.dialect + " " + probe_.server_version + ", " + probe_.stamp.identity);
    Add("writable", !probe_.standby,
        probe_.standby ? "the server is a standby or read-only: connect to the primary"
                       : "the server accepts changes");
    for (const std::string& warning : probe_.warnings) {
      Add("settings and privileges", false, warning);
    }
    if (probe_.warnings.empty()) {
      Add("settings and privileges", true, "nothing is missing, and commits are durable");
    }
    return true;
  }

  void LookAtWitness() {
    const std::string without = driver_.WhyNoXa().empty()
                                    ? "so some outcomes after a crash are HAZARD"
                                    : "so this resource cannot be used";
    Add("witness table", probe_.witness,
        probe_.witness ? "installed"
                       : "not installed, " + without + "; run `assent resource install " +
                             options_.name + "`");
  }

  // Without XA a branch can only be a last resource: its decision row takes the place of prepare.
  void TryLastResource() {
    const xa::BranchOptions options = {.last_resource = true};
    Add("commits are durable", probe_.not_durable.empty(),
        probe_.not_durable.empty() ? "nothing shows that they are not" : probe_.not_durable);
    if (!Succeeds("begin a branch", branch_->Begin(trial_, options, false))) return;
    if (probe_.witness && !Succeeds("write a decision row", branch_->WriteDecision(trial_))) return;
    (void)Succeeds("roll back", branch_->RollBackActive(trial_));
  }

  void TryBranch() {
    if (!Succeeds("begin a branch", branch_->Begin(trial_, {}, probe_.witness))) return;
    const VerbResult prepared = branch_->Prepare(trial_);
    if (prepared.code == Code::kReadOnly) {
      Add("prepare", true,
          "works; it votes read-only, so install the witness table to try a prepared branch too");
      return;
    }
    if (!Succeeds("prepare", prepared)) {
      if (branch_->alive()) (void)branch_->RollBackActive(trial_);
      return;
    }
    const Result<xa::ScanResult> list = control_->List();
    const bool listed =
        list && std::any_of(list->listed.begin(), list->listed.end(),
                            [this](const xa::Listed& each) { return each.xid == trial_; });
    Add("list of prepared branches", listed,
        listed ? "it shows the prepared branch"
        : list ? "it does not show the branch that was just prepared: is it another server, or may "
                 "the user not see it?"
               : list.error().message);
    VerbResult undone = branch_->RollBackPrepared(trial_);
    if (undone.code == Code::kErNota) undone.code = Code::kOk;  // the scan has rolled it back
    (void)Succeeds("roll back", undone);
  }

  bool Succeeds(const char* subject, const VerbResult& result) {
    if (result.code == Code::kOk) return Add(subject, true, "works");
    return Add(subject, false,
               result.failure.detail.empty() ? xa::Name(result.code) : result.failure.detail);
  }

  const ResourceOptions& options_;
  Driver& driver_;
  const xa::Xid trial_;
  std::unique_ptr<Session> control_, branch_;
  Probe probe_;
  std::vector<xa::Finding> findings_;
};

}  // namespace

std::vector<xa::Finding> Examine(const ResourceOptions& options, Driver& driver,
                                 const xa::Xid& trial) {
  return Examination(options, driver, trial).Run();
}

}  // namespace assent::sql
