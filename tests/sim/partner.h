// SPDX-License-Identifier: Apache-2.0
// A modelled partner: a service with try, confirm and cancel, its own database and its ledger.
//
// Its barrier is the product's own state machine (barrier/barrier.h) over a table that survives a
// restart. A local transaction takes time and takes effect at one instant, its end: a restart
// before that instant loses all of it, a restart afterwards keeps it. Settings select the behavior
// of a partner. A partner whose try needs another partner enlists that one at the coordinator, and
// has effects outside its database.
//
// Contract: each Serve is answered exactly once; status 0 means that the connection broke. Threads:
// one.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "barrier/barrier.h"
#include "coordinator/requests.h"
#include "tcc/port.h"
#include "tests/sim/facts.h"
#include "tests/sim/payload.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

// Per mille of the calls.
struct PartnerFaults {
  // In the network (partner_net.h).
  uint32_t not_reached = 0, lost = 0, answer_lost = 0, late = 0, twice = 0, turned_away = 0;
  // At the partner.
  uint32_t slow = 0, busy = 0, errors = 0, works_on = 0, try_refused = 0, end_refused = 0;
};

struct PartnerRequest {
  tcc::Operation operation{};
  tcc::Key key;
  std::string gid;
  std::string payload;
  std::optional<WallTime> deadline;  // of a try
  std::optional<WallTime> horizon;   // none: a try sent by the client
  uint64_t number = 0;               // in sending order
  bool turned_away = false;          // refused with 409 in front of the partner, every copy
  bool heard = true;                 // the caller still waits for the response
};

struct PartnerAnswer {
  int status = 0;
  Duration retry_after{0};
  std::optional<WallTime> expires_at;
};

// Calls to a partner that purges are late by less than this margin, which replaces the product's
// margin of one day.
inline constexpr Duration kPurgeMargin = std::chrono::seconds(20);

class Partner {
 public:
  struct Settings {
    std::string name;
    bool outside = false;       // has effects outside its database
    bool expiring = false;      // its reservations expire
    bool asking = false;        // asks the coordinator when in doubt
    bool purging = false;       // removes barrier rows below the horizon
    bool refuses_anew = false;  // records a refusal in a new local transaction
  };
  Partner(Simulator& sim, Settings settings, const std::vector<Plan>& plans,
          const PartnerFaults& faults)
      : sim_(sim), settings_(std::move(settings)), plans_(plans), faults_(faults) {}

  using Reply = std::function<void(const PartnerAnswer&)>;
  void Serve(const PartnerRequest& request, Reply reply);

  const Settings& settings() const { return settings_; }
  const std::string& name() const { return settings_.name; }
  bool up() const { return up_; }
  bool gone() const { return gone_; }
  bool cut_off = false;
  Monotonic never_until;  // answers 404 to every call until then
  // Sends a request to the coordinator; returns false if it is not running.
  std::function<bool(coordinator::Request, coordinator::Reply)> coordinator;
  std::function<void(const Part&, const Change&)> on_change;

  // ---- Faults ----
  void Stop();
  void Start();
  void BreakForGood() { gone_ = true; }  // answers only 500 from now on
  void EndRefusals() { refusing_.clear(); }

  // ---- For the auditor ----
  // Reservations that are held, or expired and waiting for an operator, and work in progress.
  std::vector<tcc::Key> Unfinished() const;
  struct LedgerRow {
    uint32_t tag;
    int64_t amount;
  };
  const std::vector<LedgerRow>& ledger() const { return ledger_; }

 private:
  // The barrier rows of one branch: the cause by operation; empty if there is no row.
  struct Rows {
    std::array<std::string, 3> cause;
    WallTime youngest;
    bool purged = false;
  };
  // What the business code stores about one branch.
  struct Booking {
    PlanRef ref;
    std::string gid;
    bool held = false;    // the reservation is in force
    bool lapsed = false;  // the reservation has expired
    std::optional<WallTime> ends;
    uint64_t youngest_call = 0;  // the latest call served
  };
  using Place = std::pair<core::Gtrid, std::string>;
  struct Work;  // one call

  static Place PlaceOf(const tcc::Key& key) { return {key.gtrid, key.branch}; }
  const PlannedPartner& PlannedFor(const Booking& booking) const;
  std::string& Cause(const Place& place, tcc::Operation operation);
  barrier::Given Execute(const Place& place, const barrier::Statement& statement);
  barrier::Barrier Drive(const Place& place, barrier::Barrier barrier);

  void Handle(const std::shared_ptr<Work>& work);
  std::optional<PartnerAnswer> EarlyResponse(const PartnerRequest& request);
  PartnerAnswer Enter(const std::shared_ptr<Work>& work);
  PartnerAnswer RunTry(Work& work);
  PartnerAnswer RunConfirm(Work& work);
  PartnerAnswer RunCancel(Work& work);
  PartnerAnswer Refuse(Work& work);
  void Observe(const Work& work, const barrier::Barrier& barrier);

  // partner_outside.cc: effects outside the database, including enlisting other partners.
  void MakeEffects(const std::shared_ptr<Work>& work);
  void EnlistOther(const std::shared_ptr<Work>& work, size_t index, int left);
  void FinishEffects(const std::shared_ptr<Work>& work, bool done);
  void UndoStarted();

  void Answer(Work& work, PartnerAnswer answer);
  void SaidYes(const Place& place);
  void Lapse(const Place& place);
  void CallOperator(const Place& place);
  void AskLater(const Place& place, int times);
  void ApplyOutcome(const Place& place, tcc::Operation operation);
  void Purge(const PartnerRequest& request);
  void Report(const Place& place, Transition transition);
  Duration WorkTime();
  WallTime TrueWall() const { return {sim_.Now().ns + 1'700'000'000'000'000'000}; }

  Simulator& sim_;
  const Settings settings_;
  const std::vector<Plan>& plans_;
  const PartnerFaults& faults_;
  bool up_ = true, gone_ = false;
  uint64_t epoch_ = 1;  // increases with each restart
  std::map<Place, Rows> rows_;
  std::map<Place, Booking> bookings_;
  std::map<Place, Monotonic> refusing_;  // until when confirm and cancel are refused
  std::vector<LedgerRow> ledger_;
};

// One call in progress.
struct Partner::Work {
  PartnerRequest request;
  Reply reply;
  Place place;
  uint64_t epoch;
  bool outside = false;
  bool fails_after = false;  // answers 500 although the work is done
  Rows before;               // the rows when the local transaction began

  bool TooLate(WallTime now) const {
    return request.operation == tcc::Operation::kTry && request.deadline && now > *request.deadline;
  }
  barrier::Call BarrierCall(WallTime now) const;
};

}  // namespace assent::sim
