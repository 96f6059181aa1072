// SPDX-License-Identifier: Apache-2.0
// A modelled partner: a service with try, confirm and cancel, its own database and its ledger.
//
// Its barrier is the product's own machine (barrier/barrier.h) over a table that outlives a
// restart. A local transaction takes time, and takes effect at one instant, its end: a restart
// before that loses it as a whole, one after it keeps it. What a partner is like is its Settings;
// one that needs another partner for its try enlists it at the coordinator, and has effects outside
// of its database.
//
// Contract: each Serve is answered exactly once; status 0: the connection broke. Threads: one.
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
#include "tests/sim/world.h"

namespace assent::sim {

// Per mille of the calls.
struct PartnerFaults {
  // On the way (partner_net.h).
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
  std::optional<WallTime> horizon;   // none: the client's own try
  uint64_t number = 0;               // in the order in which they left
  bool turned_away = false;          // by what stands before the partner: 409, each copy of it
  bool heard = true;                 // somebody waits for the answer
};

struct PartnerAnswer {
  int status = 0;
  Duration retry_after{0};
  std::optional<WallTime> expires_at;
};

// The lateness of calls to a partner that purges is bounded, as it is where a day is the margin.
inline constexpr Duration kPurgeMargin = std::chrono::seconds(20);

class Partner {
 public:
  struct Settings {
    std::string name;
    bool outside = false;       // effects outside of its database
    bool expiring = false;      // its reservations really end
    bool asking = false;        // in doubt, it asks the coordinator
    bool purging = false;       // it removes barrier rows below the horizon
    bool refuses_anew = false;  // a refusal is recorded in a new local transaction
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
  Monotonic never_until;  // 404 to all until then
  // Its front door to the coordinator: false if nobody listens.
  std::function<bool(coordinator::Request, coordinator::Reply)> coordinator;
  std::function<void(const Part&, const Change&)> on_change;

  // ---- What befalls it ----
  void Stop();
  void Start();
  void BreakForGood() { gone_ = true; }  // it answers nothing but 500
  void EndRefusals() { refusing_.clear(); }

  // ---- For the auditor ----
  // Reservations that stand, or wait for a person, and work under way.
  std::vector<tcc::Key> Unfinished() const;
  struct LedgerRow {
    uint32_t tag;
    int64_t amount;
  };
  const std::vector<LedgerRow>& ledger() const { return ledger_; }

 private:
  // The barrier's rows of one branch: the cause, by operation; empty: there is no row.
  struct Rows {
    std::array<std::string, 3> cause;
    WallTime youngest;
    bool purged = false;
  };
  // What the business code knows of one branch.
  struct Booking {
    PlanRef plan_ref;
    std::string gid;
    bool held = false;    // a reservation stands
    bool lapsed = false;  // it has ended by itself
    std::optional<WallTime> ends;
    uint64_t youngest_call = 0;  // of those served
  };
  using Place = std::pair<core::Gtrid, std::string>;
  struct Work;  // one call

  static Place PlaceOf(const tcc::Key& key) { return {key.gtrid, key.branch}; }
  const PlannedPartner& PlannedFor(const Booking& booking) const;
  std::string& Cause(const Place& place, tcc::Operation operation);
  barrier::Given Execute(const Place& place, const barrier::Statement& statement);
  barrier::Barrier Drive(const Place& place, barrier::Barrier barrier);

  void Handle(const std::shared_ptr<Work>& work);
  std::optional<PartnerAnswer> Unwilling(const PartnerRequest& request);
  PartnerAnswer Enter(const std::shared_ptr<Work>& work);
  PartnerAnswer RunTry(Work& work);
  PartnerAnswer RunConfirm(Work& work);
  PartnerAnswer RunCancel(Work& work);
  PartnerAnswer Refuse(Work& work);
  void Observe(const Work& work, const barrier::Barrier& barrier);

  // partner_outside.cc: effects outside, other partners among them.
  void MakeEffects(const std::shared_ptr<Work>& work);
  void EnlistOther(const std::shared_ptr<Work>& work, size_t index, int left);
  void FinishEffects(const std::shared_ptr<Work>& work, bool done);
  void UndoStarted();

  void Answer(Work& work, PartnerAnswer answer);
  void SaidYes(const Place& place);
  void Lapse(const Place& place);
  void CallPerson(const Place& place);
  void AskLater(const Place& place, int times);
  void EndByItself(const Place& place, tcc::Operation operation);
  void Purge(const PartnerRequest& request);
  void Report(const Place& place, Transition transition);
  Duration WorkTime();
  WallTime TrueWall() const { return {sim_.Now().ns + 1'700'000'000'000'000'000}; }

  Simulator& sim_;
  const Settings settings_;
  const std::vector<Plan>& plans_;
  const PartnerFaults& faults_;
  bool up_ = true, gone_ = false;
  uint64_t epoch_ = 1;  // another one after each restart
  std::map<Place, Rows> rows_;
  std::map<Place, Booking> bookings_;
  std::map<Place, Monotonic> refusing_;  // its end, until then
  std::vector<LedgerRow> ledger_;
};

// One call, until it is answered.
struct Partner::Work {
  PartnerRequest request;
  Reply reply;
  Place place;
  uint64_t epoch;
  bool outside = false;
  bool fails_after = false;  // 500 although it is done
  Rows before;               // as they were when the local transaction began

  bool TooLate(WallTime now) const {
    return request.operation == tcc::Operation::kTry && request.deadline && now > *request.deadline;
  }
  barrier::Call BarrierCall(WallTime now) const;
};

}  // namespace assent::sim
