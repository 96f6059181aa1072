// SPDX-License-Identifier: Apache-2.0
// A try with effects outside the partner's database: it writes the row `started`, then makes the
// effects, which may include another partner, then writes the row `try` (docs/barrier.md).
#include "tests/sim/partner.h"

namespace assent::sim {

using barrier::Barrier;
using namespace std::chrono_literals;

namespace {

constexpr barrier::Vendor kVendor = barrier::Vendor::kPostgreSql;
constexpr int kEnlistTimes = 3;

}  // namespace

void Partner::MakeEffects(const std::shared_ptr<Work>& work) {
  if (work->epoch != epoch_) return work->reply({});
  Booking& booking = bookings_[work->place];
  const bool refuses = PlannedFor(booking).refuses || sim_.rng.Chance(faults_.try_refused);
  if (refuses) sim_.Count(Fault::kTryRefused);
  if (refuses || work->TooLate(TrueWall())) return FinishEffects(work, false);
  booking.held = true;
  const auto& partners = plans_[booking.ref.tag - 1].partners;
  for (size_t i = 0; i < partners.size(); ++i) {
    if (partners[i].enlisted_by == booking.ref.index) return EnlistOther(work, i, kEnlistTimes);
  }
  sim_.At(WorkTime(), [this, work] { FinishEffects(work, true); });
}

// Enlists the other partner in the same transaction, named by the headers of the try.
void Partner::EnlistOther(const std::shared_ptr<Work>& work, size_t index, int left) {
  if (work->epoch != epoch_) return work->reply({});
  if (left == 0) return FinishEffects(work, false);
  const Plan& plan = plans_[bookings_[work->place].ref.tag - 1];
  coordinator::Request request;
  request.route = coordinator::Route::kEnlist;
  request.gid = work->request.gid;
  request.transaction = work->request.key.gtrid.ToHex();
  v1::Branch branch;
  branch.set_name(PartnerBranchName(plan, index));
  branch.mutable_tcc()->set_url("http://" + PartnerName(plan.partners[index].partner));
  branch.mutable_tcc()->mutable_payload()->set_text(ToPayload(plan, index));
  request.body = std::move(branch);
  // Whichever comes first: the response, or the time-out.
  auto waits = std::make_shared<bool>(true);
  const auto again = [this, work, index, left, waits] {
    if (!std::exchange(*waits, false)) return;
    EnlistOther(work, index, left - 1);
  };
  sim_.At(1500ms, again);
  if (cut_off) return;
  coordinator(std::move(request), [this, work, waits](const coordinator::Answer& answer) {
    if (cut_off || !*waits) return;
    if (answer.status == 503) return;  // retried after the time-out
    *waits = false;
    FinishEffects(work, answer.status == 200);
  });
}

void Partner::FinishEffects(const std::shared_ptr<Work>& work, bool done) {
  if (work->epoch != epoch_) return work->reply({});
  Booking& booking = bookings_[work->place];
  if (!done) {
    booking.held = false;
    return Answer(*work, Refuse(*work));
  }
  const barrier::Call call = work->BarrierCall(TrueWall());
  work->before = rows_[work->place];
  const Barrier barrier = Drive(work->place, Barrier::Succeed(kVendor, call));
  if (barrier.verdict() == barrier::Verdict::kDone) {
    SaidYes(work->place);
    return Answer(*work, {200, {}, booking.ends});
  }
  rows_[work->place] = work->before;
  booking.held = false;
  Answer(*work, Refuse(*work));
}

// Before a restarted partner accepts calls, it undoes each try in progress and marks it refused.
void Partner::UndoStarted() {
  for (auto& [place, rows] : rows_) {
    std::string& cause = rows.cause[0];
    if (cause != "started") continue;
    sim_.Reach(Marker::kStartedUndone);
    cause = "refused";
    bookings_[place].held = false;
  }
}

}  // namespace assent::sim
