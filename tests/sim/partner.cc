// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/partner.h"

#include <algorithm>

#include "base/check.h"
#include "tcc/answers.h"

namespace assent::sim {

using barrier::Barrier;
using barrier::Vendor;
using barrier::Verdict;
using tcc::Operation;
using namespace std::chrono_literals;

namespace {

barrier::Operation ToBarrier(Operation operation) {
  switch (operation) {
    case Operation::kTry: return barrier::Operation::kTry;
    case Operation::kConfirm: return barrier::Operation::kConfirm;
    case Operation::kCancel: return barrier::Operation::kCancel;
  }
  return barrier::Operation::kTry;
}

constexpr Vendor kVendor = Vendor::kPostgreSql;

}  // namespace

barrier::Call Partner::Work::BarrierCall(WallTime now) const {
  barrier::Call call;
  call.operation = ToBarrier(request.operation);
  call.transaction = request.key.gtrid.ToHex();
  call.branch = request.key.branch;
  call.deadline_passed = TooLate(now);
  call.effects_outside = outside && request.operation == Operation::kTry;
  return call;
}

const PlannedPartner& Partner::PlannedFor(const Booking& booking) const {
  return plans_[booking.ref.tag - 1].partners[booking.ref.index];
}

// ---- The barrier's table ----

std::string& Partner::Cause(const Place& place, Operation operation) {
  return rows_[place].cause[static_cast<size_t>(operation)];
}

barrier::Given Partner::Execute(const Place& place, const barrier::Statement& statement) {
  Operation operation = Operation::kTry;
  if (statement.operation == "confirm") operation = Operation::kConfirm;
  if (statement.operation == "cancel") operation = Operation::kCancel;
  std::string& cause = Cause(place, operation);
  switch (statement.kind) {
    case barrier::Kind::kInsert:
      if (!cause.empty()) return {0};
      if (sim_.Has(SeededBug::kSuspendedTryRuns) && statement.cause == "cancel" &&
          operation == Operation::kTry) {
        return {1};
      }
      cause = statement.cause;
      rows_[place].youngest = TrueWall();
      return {1};
    case barrier::Kind::kRead:
    case barrier::Kind::kReadAndHold:
    case barrier::Kind::kReadAndLock:
      if (cause.empty()) return {};
      return {0, cause};
    case barrier::Kind::kChange:
      if (cause != statement.before) return {0};
      cause = statement.cause;
      return {1};
  }
  return {};
}

Barrier Partner::Drive(const Place& place, Barrier barrier) {
  while (!barrier.settled()) barrier.Take(Execute(place, barrier.next()));
  return barrier;
}

// ---- Calls ----

Duration Partner::WorkTime() {
  if (!sim_.rng.Chance(faults_.slow)) return sim_.rng.Between(100us, 3ms);
  sim_.Count(Fault::kPartnerSlow);
  return sim_.rng.Between(100ms, 4s);
}

void Partner::Serve(const PartnerRequest& request, Reply reply) {
  auto work = std::make_shared<Work>();
  work->request = request;
  work->reply = std::move(reply);
  work->place = PlaceOf(request.key);
  work->epoch = epoch_;
  if (sim_.rng.Chance(faults_.works_on)) {
    sim_.Count(Fault::kPartnerWorksOn);
    std::exchange(work->reply, [](const PartnerAnswer&) {})({202, {}, {}});
  }
  sim_.At(WorkTime(), [this, work] {
    if (work->epoch != epoch_) return work->reply({});
    Handle(work);
  });
}

void Partner::Answer(Work& work, PartnerAnswer answer) {
  sim_.Trace(work.request.number * 8 + static_cast<uint64_t>(answer.status), [&] {
    return name() + "  " + tcc::Name(work.request.operation) + " " +
           work.request.key.gtrid.ToHex() + "/" + work.request.key.branch + ": " +
           std::to_string(answer.status) + (work.fails_after ? ", sent as 500" : "");
  });
  if (work.fails_after) answer = {500, {}, {}};
  work.reply(answer);
}

// Responses that do not reach the barrier: overload, wrong deployment, a bug fixed later.
std::optional<PartnerAnswer> Partner::EarlyResponse(const PartnerRequest& request) {
  Rng& rng = sim_.rng;
  if (gone_) return PartnerAnswer{500, {}, {}};
  if (sim_.Now() < never_until) {
    sim_.Count(Fault::kPartnerNever);
    return PartnerAnswer{404, {}, {}};
  }
  if (rng.Chance(faults_.busy)) {
    sim_.Count(Fault::kPartnerBusy);
    return PartnerAnswer{rng.Chance(500) ? 503 : 429, rng.Between(200ms, 5s), {}};
  }
  if (request.operation == Operation::kTry) return std::nullopt;
  const auto found = refusing_.find(PlaceOf(request.key));
  if (found != refusing_.end() && sim_.Now() < found->second) return PartnerAnswer{409, {}, {}};
  if (found == refusing_.end() && rng.Chance(faults_.end_refused)) {
    sim_.Count(Fault::kEndRefused);
    refusing_[PlaceOf(request.key)] = sim_.Now() + rng.Between(100ms, 12s);
    return PartnerAnswer{rng.Chance(700) ? 409 : 422, {}, {}};
  }
  return std::nullopt;
}

void Partner::Handle(const std::shared_ptr<Work>& work) {
  const PartnerRequest& request = work->request;
  const auto ref = FromPayload(request.payload);
  if (!ref) return Answer(*work, {400, {}, {}});
  if (const auto early = EarlyResponse(request)) return Answer(*work, *early);
  Booking& booking = bookings_[work->place];
  booking.ref = *ref;
  booking.gid = request.gid;
  if (request.number < booking.youngest_call) sim_.Count(Fault::kCallOvertaken);
  booking.youngest_call = std::max(booking.youngest_call, request.number);
  if (sim_.rng.Chance(faults_.errors)) {
    sim_.Count(Fault::kPartnerError);
    if (sim_.rng.Chance(500)) return Answer(*work, {500, {}, {}});
    work->fails_after = true;
  }
  bool nests = false;
  for (const PlannedPartner& other : plans_[ref->tag - 1].partners) {
    nests |= other.enlisted_by == ref->index;
  }
  work->outside = settings_.outside || nests;
  Purge(request);
  const PartnerAnswer answer = Enter(work);
  if (answer.status != 0) Answer(*work, answer);
}

// Status 0: the response comes later.
PartnerAnswer Partner::Enter(const std::shared_ptr<Work>& work) {
  work->before = rows_[work->place];
  const barrier::Call call = work->BarrierCall(TrueWall());
  const Barrier barrier = Drive(work->place, Barrier::Enter(kVendor, call));
  Observe(*work, barrier);
  Verdict verdict = barrier.verdict();
  if (sim_.Has(SeededBug::kDuplicateRuns) && work->request.operation == Operation::kTry &&
      barrier.reason() == barrier::Reason::kDuplicate && !work->outside) {
    verdict = Verdict::kRun;
  }
  if (verdict == Verdict::kRun) {
    switch (work->request.operation) {
      case Operation::kTry:
        if (!work->outside) return RunTry(*work);
        sim_.At(WorkTime(), [this, work] { MakeEffects(work); });
        return {};
      case Operation::kConfirm: return RunConfirm(*work);
      case Operation::kCancel: return RunCancel(*work);
    }
  }
  PartnerAnswer answer{barrier::HttpStatus(verdict), {}, {}};
  if (answer.status == 200 && work->request.operation == Operation::kTry) {
    answer.expires_at = bookings_[work->place].ends;
  }
  if (!barrier::Commits(verdict)) rows_[work->place] = work->before;
  // A call whose caller has given up may find that its rows were purged.
  const bool excused = rows_[work->place].purged && !work->request.heard;
  if (barrier::Alarms(verdict) && !excused) Report(work->place, Transition::kConflict);
  return answer;
}

void Partner::Observe(const Work& work, const Barrier& barrier) {
  using barrier::Reason;
  const Operation operation = work.request.operation;
  switch (barrier.reason()) {
    case Reason::kDuplicate:
      if (operation == Operation::kTry) sim_.Reach(Marker::kDuplicateTry);
      if (operation == Operation::kConfirm) sim_.Reach(Marker::kDuplicateConfirm);
      if (operation == Operation::kCancel) sim_.Reach(Marker::kDuplicateCancel);
      return;
    case Reason::kNothingToUndo:
      if (work.before.cause[0].empty()) sim_.Reach(Marker::kEmptyCancel);
      return;
    case Reason::kSuspended: sim_.Reach(Marker::kSuspendedTry); return;
    case Reason::kDeadline: sim_.Reach(Marker::kTryTooLate); return;
    case Reason::kInProgress: sim_.Reach(Marker::kStillRunning); return;
    default: return;
  }
}

// ---- The business code ----

PartnerAnswer Partner::RunTry(Work& work) {
  Booking& booking = bookings_[work.place];
  if (PlannedFor(booking).refuses || sim_.rng.Chance(faults_.try_refused)) {
    sim_.Count(Fault::kTryRefused);
    return Refuse(work);
  }
  booking.held = true;
  SaidYes(work.place);
  return {200, {}, booking.ends};
}

PartnerAnswer Partner::Refuse(Work& work) {
  const bool anew = settings_.refuses_anew || work.outside;
  if (anew && !work.outside) rows_[work.place] = work.before;  // the first one was rolled back
  barrier::Call call = work.BarrierCall(TrueWall());
  call.deadline_passed = false;
  const Barrier barrier = Drive(
      work.place,
      Barrier::Refuse(kVendor, call,
                      anew ? Barrier::Where::kNewTransaction : Barrier::Where::kSameTransaction));
  return {barrier::HttpStatus(barrier.verdict()), {}, {}};
}

PartnerAnswer Partner::RunConfirm(Work& work) {
  Booking& booking = bookings_[work.place];
  if (booking.lapsed) {
    rows_[work.place] = work.before;
    CallOperator(work.place);
    return {409, {}, {}};
  }
  CHECK(booking.held || sim_.bug != SeededBug::kNone) << "confirmed without a reservation";
  booking.held = false;
  ledger_.push_back({booking.ref.tag, PlannedFor(booking).amount});
  Report(work.place, Transition::kCommitted);
  return {200, {}, {}};
}

PartnerAnswer Partner::RunCancel(Work& work) {
  Booking& booking = bookings_[work.place];
  const bool said_yes = work.before.cause[0] == "try";
  booking.held = booking.lapsed = false;
  Report(work.place, said_yes ? Transition::kRolledBack : Transition::kDropped);
  return {200, {}, {}};
}

void Partner::SaidYes(const Place& place) {
  Booking& booking = bookings_[place];
  if (settings_.expiring) {
    const Duration lasts = sim_.rng.Between(2s, 12s);
    booking.ends = TrueWall() + lasts;
    sim_.At(lasts, [this, place] { Lapse(place); });
  }
  Report(place, Transition::kPrepared);
  if (settings_.asking) AskLater(place, 6);
}

void Partner::Lapse(const Place& place) {
  Booking& booking = bookings_[place];
  if (!booking.held) return;
  sim_.Count(Fault::kReservationEnds);
  booking.held = false;
  booking.lapsed = true;
  Report(place, Transition::kLapsed);
}

// The decision was made in time, but the confirm came after the reservation expired: an operator
// makes the reservation again.
void Partner::CallOperator(const Place& place) {
  sim_.At(sim_.rng.Between(500ms, 10s), [this, place] {
    Booking& booking = bookings_[place];
    if (!booking.lapsed) return;
    booking.lapsed = false;
    booking.held = true;
    sim_.Reach(Marker::kMadeGood);
    sim_.Trace(0x90d, [&] { return name() + "  restored an expired reservation"; });
  });
}

void Partner::Report(const Place& place, Transition transition) {
  const Booking& booking = bookings_[place];
  Change change{transition, booking.ref.tag, {}};
  if (transition == Transition::kPrepared && booking.ends) change.ends = *booking.ends;
  on_change({place.first, PartnerBit(place.second), name()}, change);
}

// ---- In doubt ----

// A partner in doubt asks the coordinator and acts only on an outcome (docs/partners.md).
void Partner::AskLater(const Place& place, int times) {
  if (times == 0) return;
  sim_.At(sim_.rng.Between(3s, 8s), [this, place, times] {
    if (!bookings_[place].held || gone_) return;
    AskLater(place, times - 1);
    if (!up_ || cut_off) return;
    coordinator::Request request;
    request.route = coordinator::Route::kGet;
    request.gid = bookings_[place].gid;
    request.transaction = place.first.ToHex();
    coordinator(std::move(request), [this, place, epoch = epoch_](const auto& answer) {
      const auto* view = std::get_if<v1::Transaction>(&answer.body);
      if (epoch != epoch_ || cut_off || gone_ || view == nullptr) return;
      if (view->outcome() == v1::COMMITTED) ApplyOutcome(place, Operation::kConfirm);
      if (view->outcome() == v1::ROLLED_BACK) ApplyOutcome(place, Operation::kCancel);
    });
  });
}

void Partner::ApplyOutcome(const Place& place, Operation operation) {
  if (!bookings_[place].held) return;
  sim_.Reach(Marker::kPartnerAsked);
  auto work = std::make_shared<Work>();
  work->request.operation = operation;
  work->request.key = {place.first, place.second};
  work->reply = [](const PartnerAnswer&) {};
  work->place = place;
  work->epoch = epoch_;
  Answer(*work, Enter(work));
}

// ---- The purge ----

// Purges the rows of branches that have ended, all rows of a transaction together.
void Partner::Purge(const PartnerRequest& request) {
  if (!settings_.purging || !request.horizon || !sim_.rng.Chance(200)) return;
  if (sim_.faults[static_cast<size_t>(Fault::kClockJump)] > 0) return;
  const WallTime below = *request.horizon + -kPurgeMargin;
  for (auto at = rows_.begin(); at != rows_.end();) {
    auto end = at;
    bool ended = true;
    for (; end != rows_.end() && end->first.first == at->first.first; ++end) {
      const Rows& rows = end->second;
      const bool has_end = !rows.cause[1].empty() || !rows.cause[2].empty();
      ended &= has_end && rows.youngest < below;
    }
    for (; at != end; ++at) {
      if (!ended) continue;
      at->second = {};
      at->second.purged = true;
      sim_.Reach(Marker::kRowsPurged);
    }
  }
}

// ---- Faults ----

void Partner::Stop() {
  up_ = false;
  ++epoch_;
}

void Partner::Start() {
  up_ = true;
  UndoStarted();
}

std::vector<tcc::Key> Partner::Unfinished() const {
  std::vector<tcc::Key> keys;
  for (const auto& [place, booking] : bookings_) {
    const auto rows = rows_.find(place);
    const bool started = rows != rows_.end() && rows->second.cause[0] == "started";
    if (booking.held || booking.lapsed || started) keys.push_back({place.first, place.second});
  }
  return keys;
}

}  // namespace assent::sim
