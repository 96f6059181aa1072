// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/control.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/event_log.h"
#include "participants/sql/completions.h"
#include "participants/sql/examine.h"

namespace assent::sql {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstBackOff{100};
constexpr milliseconds kLongestBackOff{5'000};
// The server needs a moment to drop what an earlier process has left.
constexpr milliseconds kPurgeOldAfter{2'000};
constexpr size_t kPurgeBatch = 500;

}  // namespace

Control::Control(const ResourceOptions& options, Driver& driver, ServerView& view, Random& random,
                 Hooks hooks)
    : options_(options),
      driver_(driver),
      view_(view),
      random_(random),
      hooks_(std::move(hooks)),
      backoff_(kFirstBackOff, kLongestBackOff) {}

void Control::Stop() {
  stopping_ = true;
  worker_.Finish();
  session_.reset();
}

void Control::Probe() {
  if (probe_posted_.exchange(true)) return;
  worker_.Post([this] { ProbeNow(); });
}

void Control::ProbeNow() {
  probe_posted_ = false;
  if (stopping_) return;
  Result<void> looked = Look();
  // The old connection may have died although the server is up.
  if (!looked && view_.up()) looked = Look();
  if (looked) {
    SetUp();
    return;
  }
  SetDown(looked.error().message);
  const auto delay = std::chrono::duration_cast<milliseconds>(backoff_.Next());
  const auto jitter = random_.Below(static_cast<uint64_t>(delay.count()) / 2 + 1);
  worker_.PostAfter(delay - milliseconds(jitter), [this] { Probe(); });
}

Result<void> Control::Ensure() {
  if (session_ != nullptr && session_->alive()) return {};
  session_.reset();
  Result<std::unique_ptr<Session>> connected = driver_.Connect();
  if (!connected) return connected.error();
  session_ = std::move(*connected);
  view_.NoteFirst(session_->id());
  return {};
}

template <typename Act>
std::invoke_result_t<Act> Control::OnSession(const Act& act) {
  const bool was_idle = session_ != nullptr && session_->alive();
  if (const Result<void> ready = Ensure(); !ready) return ready.error();
  auto done = act();
  if (done || session_->alive() || !was_idle) return done;
  if (const Result<void> ready = Ensure(); !ready) return ready.error();
  return act();
}

Result<void> Control::Look() {
  Result<sql::Probe> probe = OnSession([&] { return session_->ProbeServer(); });
  if (!probe) {
    session_.reset();
    return probe.error();
  }
  probe->why_no_last_resource =
      probe->witness ? probe->not_durable
                     : "the table assent_witness, which takes the decision row, is missing or may "
                       "not be used; run `assent resource install " +
                           options_.name + "`";
  for (const std::string& warning : probe->warnings) {
    if (logged_.insert(warning).second) {
      Event(LogEvent::kResourceMisconfigured, {{"resource", options_.name}, {"detail", warning}});
    }
  }
  view_.SetProbe(std::move(*probe));
  return {};
}

void Control::SetUp() {
  backoff_.Reset();
  if (!view_.SetHealth(xa::Health::kUp, "")) return;
  const auto probe = view_.probe();
  Event(LogEvent::kResourceUp, {{"resource", options_.name},
                                {"server", probe->dialect + " " + probe->server_version},
                                {"witness", probe->witness ? "yes" : "no"}});
  hooks_.on_up();
}

void Control::SetDown(const std::string& detail) {
  if (!view_.SetHealth(xa::Health::kDown, detail)) return;
  Event(LogEvent::kResourceDown, {{"resource", options_.name}, {"detail", detail}});
  hooks_.on_down(detail);
}

Result<xa::ScanResult> Control::List(const core::Gtrid& own) {
  return OnSession([&]() -> Result<xa::ScanResult> {
    Result<xa::ScanResult> list = session_->List();
    if (list) view_.SetStamp(list->stamp);
    if (!list || !view_.witness()) return list;
    auto newer = NewerWitness(own);
    if (!newer) {
      Probe();  // is the table still there?
      return newer.error();
    }
    list->newer_witness = *newer;
    if (*newer || list->standby || list->stamp.identity == start_noted_) return list;
    const Result<void> noted = session_->NoteStart(
        {core::Gtrid::Make(own.coordinator_id(), own.incarnation(), own.start_nonce(), 0), 1});
    if (!noted) return noted.error();
    start_noted_ = list->stamp.identity;
    return list;
  });
}

// Keys begin with the gtrid's text and sort by age. A key that begins like `own` up to the start
// nonce belongs to this start. Keys before and after that range within the coordinator's
// incarnation, and all keys of later incarnations, do not.
Result<std::optional<xa::Xid>> Control::NewerWitness(const core::Gtrid& own) {
  const std::string coordinator = ToHex(own.coordinator_id());
  const std::string incarnation = coordinator + ToHex(own.incarnation(), 8);
  const std::string start = incarnation + ToHex(own.start_nonce());
  const std::string last = "g";  // behind every digit
  for (const auto& [after, below] :
       {std::pair(incarnation, start), std::pair(start + last, coordinator + last)}) {
    const auto rows = session_->Witnesses(after, below, 1);
    if (!rows) return rows.error();
    if (!rows->empty() && rows->front().xid) return rows->front().xid;
  }
  return std::optional<xa::Xid>();
}

void Control::Scan(const core::Gtrid& own, std::function<void(xa::ScanResult)> done) {
  const auto failed = [](std::string error) {
    xa::ScanResult result;
    result.error = std::move(error);
    return result;
  };
  const bool posted = worker_.Post([this, own, done, failed] {
    if (stopping_) return done(failed("the coordinator is stopping"));
    if (view_.health() == xa::Health::kDown) return done(failed(view_.detail()));
    Result<xa::ScanResult> list = List(own);
    if (!list) {
      if (session_ == nullptr || !session_->alive()) Probe();
      return done(failed(list.error().message));
    }
    done(std::move(*list));
  });
  if (!posted) done(failed("the coordinator is stopping"));
}

void Control::Install(std::function<void(Result<std::string>)> done) {
  const bool posted = worker_.Post([this, done] {
    if (stopping_) return done(Error{ErrorCode::kUnavailable, "the coordinator is stopping"});
    Result<std::string> installed = OnSession([&] { return session_->InstallWitness(); });
    if (installed) {
      const Result<void> looked = Look();  // from now on new branches write their rows
      if (!looked) return done(looked.error());
    }
    done(std::move(installed));
  });
  if (!posted) done(Error{ErrorCode::kUnavailable, "the coordinator is stopping"});
}

void Control::Examine(const xa::Xid& trial, std::function<void(std::vector<xa::Finding>)> done) {
  const xa::Finding stopping = {"connection", false, "the coordinator is stopping"};
  const bool posted = worker_.Post([this, trial, done, stopping] {
    if (stopping_) return done({stopping});
    done(sql::Examine(options_, driver_, trial));
    Probe();  // the state that is shown follows what was found
  });
  if (!posted) done({stopping});
}

void Control::PurgeWitness(std::vector<xa::Xid> ended) {
  if (ended.empty() || !view_.witness()) return;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = ended_.empty();
    ended_.insert(ended_.end(), ended.begin(), ended.end());
  }
  if (first) worker_.PostAfter(milliseconds(options_.purge_delay_ms), [this] { PurgeNow(); });
}

void Control::PurgeNow() {
  std::vector<xa::Xid> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  for (size_t from = 0; from < ended.size(); from += kPurgeBatch) {
    if (stopping_ || !view_.up()) return;  // best effort
    const size_t count = std::min(kPurgeBatch, ended.size() - from);
    const auto begin = ended.begin() + static_cast<ptrdiff_t>(from);
    const std::vector<xa::Xid> batch(begin, begin + static_cast<ptrdiff_t>(count));
    if (!OnSession([&] { return session_->PurgeWitness(batch); })) return;
  }
}

void Control::PurgeWitnessesOf(const std::string& coordinator_id, uint32_t below_incarnation,
                               std::vector<xa::Xid> keep) {
  const auto old = std::make_shared<Old>();
  old->after = ToHex(coordinator_id);
  old->below = old->after + ToHex(below_incarnation, 8);
  old->keep.insert(keep.begin(), keep.end());
  worker_.PostAfter(kPurgeOldAfter, [this, old] { BeginPurgeOld(old); });
}

void Control::BeginPurgeOld(const std::shared_ptr<Old>& old) {
  if (stopping_ || !view_.witness()) return;
  const auto firsts = view_.Firsts();
  const Result<bool> gone =
      OnSession([&] { return session_->NoneBefore(firsts.first, firsts.second); });
  old->marks_too = gone && *gone;
  PurgeOld(old);
}

void Control::PurgeOld(const std::shared_ptr<Old>& old) {
  if (stopping_) return;
  const auto rows =
      OnSession([&] { return session_->Witnesses(old->after, old->below, kPurgeBatch); });
  if (!rows || rows->empty()) return;
  std::vector<xa::Xid> ended;
  for (const WitnessRow& row : *rows) {
    if (!row.xid || old->keep.contains(*row.xid)) continue;
    if (!row.mark_r || old->marks_too) ended.push_back(*row.xid);
  }
  if (!ended.empty() && !OnSession([&] { return session_->PurgeWitness(ended); })) return;
  old->after = rows->back().key;
  worker_.Post([this, old] { PurgeOld(old); });  // lets other tasks run in between
}

}  // namespace assent::sql
