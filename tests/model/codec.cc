// SPDX-License-Identifier: Apache-2.0
#include "tests/model/codec.h"

#include "base/check.h"

namespace assent::model {
namespace {

class Writer {
 public:
  template <typename T>
  void Bits(T& value, int width) {
    const auto raw = static_cast<uint64_t>(value);
    CHECK(raw >> width == 0) << "a field needs more than its " << width << " bits: " << raw;
    gathered_ |= raw << used_;
    used_ += width;
    if (used_ < 32) return;
    bytes_.append(reinterpret_cast<const char*>(&gathered_), 4);
    gathered_ >>= 32;
    used_ -= 32;
  }
  template <typename List>
  void Size(const List& list, int width) {
    size_t size = list.size();
    Bits(size, width);
  }
  std::string Take() {
    bytes_.append(reinterpret_cast<const char*>(&gathered_), static_cast<size_t>(used_ + 7) / 8);
    return std::move(bytes_);
  }

 private:
  std::string bytes_;
  uint64_t gathered_ = 0;  // the lowest `used_` bits are not written yet
  int used_ = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <typename T>
  void Bits(T& value, int width) {
    for (; have_ < width && at_ < bytes_.size(); ++at_, have_ += 8) {
      gathered_ |= static_cast<uint64_t>(static_cast<uint8_t>(bytes_[at_])) << have_;
    }
    value = static_cast<T>(gathered_ & ((uint64_t{1} << width) - 1));
    gathered_ >>= width;
    have_ -= width;
  }
  template <typename List>
  void Size(List& list, int width) {
    size_t size = 0;
    Bits(size, width);
    list.resize(size);
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  uint64_t gathered_ = 0;
  int have_ = 0;
};

template <typename Io>
void Flag(Io& io, bool& flag) {
  io.Bits(flag, 1);
}

// Codes are small, some negative.
template <typename Io>
void Code(Io& io, xa::Code& code) {
  int raw = static_cast<int>(code) + 16;
  io.Bits(raw, 7);
  code = static_cast<xa::Code>(raw - 16);
}

// 0 for an empty text, otherwise one more than the digit at its end.
uint8_t NumberOf(const std::string& text) {
  return text.empty() ? 0 : static_cast<uint8_t>(text.back() - '0' + 1);
}

template <typename Io>
void Text(Io& io, std::string& text, std::string (*make)(uint8_t)) {
  uint8_t number = NumberOf(text);
  io.Bits(number, 3);
  text = number == 0 ? std::string() : make(static_cast<uint8_t>(number - 1));
}

// A branch that is in no record has no name after a restart.
template <typename Io>
void WalkName(Io& io, core::AtomicBranch& branch) {
  bool named = !branch.spec.name.empty();
  Flag(io, named);
  if (named && branch.spec.name.empty()) branch.spec.name = "b";  // FillConstants sets it
}

template <typename Io>
void Walk(Io& io, core::AtomicBranch& branch) {
  io.Bits(branch.state, 4);
  io.Bits(branch.phase, 5);
  io.Bits(branch.reached, 4);  // a phase before the decision
  for (bool* flag : {&branch.witnessed, &branch.recovered, &branch.commit_lost}) Flag(io, *flag);
  io.Bits(branch.sends, 2);  // 0, 1, or more (Move::Step)
  io.Bits(branch.heuristic, 3);
  io.Bits(branch.heuristic_ticket, 4);
  Text(io, branch.identity, IdentityText);
  Text(io, branch.started_at, StartText);
}

// The fields that the core uses only with open records.
template <typename Io>
void WalkOpens(Io& io, core::Atomic& atomic) {
  Flag(io, atomic.open_logged);
  io.Bits(atomic.opens_under_way, 2);
  io.Bits(atomic.last_ticket, 4);
  Flag(io, atomic.last_is_named);
}

// The fields that the core uses only for partners.
template <typename Io>
void WalkPartners(Io& io, core::Atomic& atomic) {
  bool ends = atomic.decide_before != kNever;
  Flag(io, ends);
  if (ends) atomic.decide_before = kDecideBefore;
  io.Bits(atomic.open_ticket, 4);
  for (core::AtomicBranch& branch : atomic.branches) {
    io.Bits(branch.enlist_ticket, 4);
    WalkName(io, branch);
  }
}

template <typename Io>
void Walk(Io& io, core::Atomic& atomic, const Setup& setup) {
  Flag(io, atomic.settings.client_named);
  Flag(io, atomic.settings.one_call);
  io.Bits(atomic.state, 3);
  io.Bits(atomic.decision, 2);
  io.Bits(atomic.outcome, 3);
  for (bool* flag : {&atomic.outcome_reportable, &atomic.commit_logged, &atomic.needs_operator,
                     &atomic.finished}) {
    Flag(io, *flag);
  }
  io.Bits(atomic.next_ticket, 4);
  io.Bits(atomic.decision_ticket, 4);
  io.Bits(atomic.outcome_ticket, 4);
  io.Size(atomic.branches, 2);
  for (core::AtomicBranch& branch : atomic.branches) Walk(io, branch);
  if (setup.HasPartners() || setup.Last()) WalkOpens(io, atomic);
  if (setup.HasPartners()) WalkPartners(io, atomic);
}

template <typename Io>
void Walk(Io& io, PendingCall& flight) {
  CHECK(!flight.follows) << "the coordinator sends flights of one call";
  io.Bits(flight.operation, 4);
  for (bool* flag : {&flight.settle, &flight.orphan, &flight.replied}) Flag(io, *flag);
  if (!flight.replied) return;
  Code(io, flight.code);
  io.Bits(flight.found, 3);
  Flag(io, flight.witnessed);
  Flag(io, flight.stamped);
  Flag(io, flight.lost);
  io.Bits(flight.identity, 1);
  io.Bits(flight.starts, 2);
}

// A partner has at most one call at a time, and no scans.
template <typename Io>
void WalkPartner(Io& io, Branch& branch) {
  for (bool* flag : {&branch.retry_armed, &branch.try_left}) Flag(io, *flag);
  io.Size(branch.calls, 1);
  for (PendingCall& flight : branch.calls) {
    io.Bits(flight.operation, 4);
    for (bool* flag : {&flight.cut, &flight.replied}) Flag(io, *flag);
    if (flight.replied) io.Bits(flight.answer, 3);
  }
}

template <typename Io>
void Walk(Io& io, Branch& branch) {
  io.Size(branch.calls, 3);
  for (PendingCall& flight : branch.calls) Walk(io, flight);
  Flag(io, branch.retry_armed);
  Flag(io, branch.up_news);
  io.Bits(branch.list, 2);
  for (bool* flag : {&branch.unscanned, &branch.ended_since, &branch.seen, &branch.returned}) {
    Flag(io, *flag);
  }
  io.Bits(branch.announced, 4);
}

template <typename Io>
void WalkPartner(Io& io, Part& part, const Setup& setup) {
  PartnerState& partner = part.partner;
  io.Bits(part.state, 3);
  for (Cause& row : partner.rows) io.Bits(row, 3);
  for (uint8_t* count : {&partner.tried, &partner.confirmed, &partner.cancelled})
    io.Bits(*count, 2);
  io.Bits(partner.calling, 3);
  if (setup.budget[static_cast<size_t>(Fault::kEnding)] > 0) Flag(io, partner.ends);
  bool any = part.late_free != 0;
  Flag(io, any);
  if (any) io.Bits(part.late_free, 10);
  part.voted = partner.tried > 0;
  part.committed = partner.confirmed > 0;
  part.rolled_back = partner.cancelled > 0;
}

template <typename Io>
void Walk(Io& io, Part& part, bool is_last) {
  io.Bits(part.state, 3);
  io.Bits(part.session, 2);
  for (bool* flag : {&part.held, &part.wrote, &part.witness}) Flag(io, *flag);
  io.Bits(part.row, 2);
  io.Bits(part.starts, 2);
  io.Bits(part.identity, 1);
  bool any = part.late_own != 0 || part.late_free != 0;
  Flag(io, any);
  if (any) {
    io.Bits(part.late_own, 10);
    io.Bits(part.late_free, 10);
  }
  for (bool* flag : {&part.voted, &part.committed, &part.rolled_back, &part.ended_elsewhere}) {
    Flag(io, *flag);
  }
  io.Bits(part.copy, 2);
  if (is_last) Flag(io, part.told_left);
}

template <typename Io>
void WalkProcess(Io& io, ModelState& state, const Setup& setup) {
  Flag(io, state.up);
  if (!state.up) {
    state.first_run = false;  // a process that is down has run before
    return;
  }
  for (bool* flag : {&state.stale, &state.first_run, &state.deadline_armed, &state.idle_armed,
                     &state.operator_armed, &state.forgotten}) {
    Flag(io, *flag);
  }
  io.Bits(state.history, 3);
  bool live = state.live.has_value();
  Flag(io, live);
  if (live && !state.live) state.live.emplace();
  if (live) Walk(io, *state.live, setup);
  if (setup.budget[static_cast<size_t>(Fault::kEnding)] > 0) Flag(io, state.nearly_expired);
  for (uint32_t i = 0; i < setup.branches; ++i) {
    setup.HasPartner(i) ? WalkPartner(io, state.branches[i]) : Walk(io, state.branches[i]);
  }
}

template <typename Io>
void Walk(Io& io, ModelState& state, const Setup& setup) {
  WalkProcess(io, state, setup);
  io.Size(state.log, 4);
  for (LogEntry& entry : state.log) {
    io.Bits(entry.record, 12);
    io.Bits(entry.ticket, 4);
  }
  io.Bits(state.durable, 4);
  Flag(io, state.expired);
  Flag(io, state.reclaimed);
  for (uint32_t i = 0; i < setup.branches; ++i) {
    io.Bits(state.noted[i], 1);
    Flag(io, state.before_change[i]);
    setup.HasPartner(i) ? WalkPartner(io, state.parts[i], setup)
                        : Walk(io, state.parts[i], setup.IsLast(i));
  }
  Flag(io, state.asked_roll_back);
  io.Bits(state.reported, 3);
  for (bool* flag : {&state.commit_durable, &state.abort_durable, &state.one_phase_sent}) {
    Flag(io, *flag);
  }
  for (size_t i = 0; i < state.left.size(); ++i) {
    if (setup.budget[i] > 0) io.Bits(state.left[i], 2);
  }
}

// Only the core creates a Decided token: here from a replayed decision.
const core::Atomic& DecidedSample() {
  static const core::Atomic sample = [] {
    core::Atomic atomic;
    atomic.gtrid = TheGtrid();
    atomic.decision = core::Decision::kCommit;
    core::Effects effects;
    core::Step(atomic, core::Replayed{}, Monotonic{}, effects);
    return atomic;
  }();
  return sample;
}

void FillConstants(core::Atomic& atomic, const Setup& setup) {
  atomic.gtrid = TheGtrid();
  if (!setup.one_call) atomic.settings.idle_limit = std::chrono::seconds(1);
  // A one-phase commit, and a commit of read-only branches, has no record and therefore no token.
  if (atomic.decision == core::Decision::kCommit && atomic.commit_logged) {
    atomic.decided = DecidedSample().decided;
  }
  for (uint32_t i = 0; i < atomic.branches.size(); ++i) {
    const bool nameless = setup.HasPartners() && atomic.branches[i].spec.name.empty();
    if (!nameless) atomic.branches[i].spec = SpecOf(setup, i);
  }
}

}  // namespace

// The first server has the row that identifies it; its replacement has none. Each text ends in the
// number of the server (Text).
std::string IdentityText(uint8_t number) {
  const std::string place = "db:3306:1";
  return number == 0 ? place + ":00112233445566778899aabbccd0" : place;
}
std::string StartText(uint8_t number) { return "start-" + std::to_string(number); }
std::string PartnerText() { return "http://p"; }

const core::Gtrid& TheGtrid() {
  static const core::Gtrid gtrid = core::Gtrid::Make("12345678", 2, "abc", 1);
  return gtrid;
}

std::string Encode(const ModelState& state, const Setup& setup) {
  Writer writer;
  Walk(writer, const_cast<ModelState&>(state), setup);  // the writer reads only
  return writer.Take();
}

ModelState Decode(std::string_view bytes, const Setup& setup) {
  ModelState state;
  Reader reader(bytes);
  Walk(reader, state, setup);
  if (state.live) FillConstants(*state.live, setup);
  return state;
}

}  // namespace assent::model
