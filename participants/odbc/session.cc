// SPDX-License-Identifier: Apache-2.0
// What any session can do to any prepared branch, and to other sessions; scans and probes.
#include "participants/odbc/session.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace assent::odbc {
namespace {

using core::Reason;
using xa::Code;

constexpr size_t kPurgeBatch = 500;

Error Unavailable(const Outcome& outcome) {
  const bool unknown = outcome.lost();
  return {unknown ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
          outcome.diagnosis.message +
              (outcome.diagnosis.sqlstate.empty() ? "" : " (" + outcome.diagnosis.sqlstate + ")")};
}

constexpr const char* kOnlyHere =
    "the server was told to wait no longer for its synchronous standby: what it ended may be "
    "missing there";

// How many rows stand in front of the one that counts them.
Result<size_t> CountedRows(const ResultSet& result) {
  const size_t rows = result.rows.size();
  if (rows == 0 || TextAt(result, rows - 1, 1) != std::to_string(rows - 1) ||
      !std::holds_alternative<std::monostate>(result.rows.back()[0])) {
    return Error{ErrorCode::kUnavailable, "the server's answer is not complete"};
  }
  return rows - 1;
}

Result<bool> IsZero(const Result<Outcome>& counted) {
  if (!counted) return counted.error();
  const std::string count = TextAt(counted->results.front(), 0, 0);
  if (count.empty()) return Error{ErrorCode::kUnavailable, "the server's answer is not complete"};
  return count == "0";
}

}  // namespace

sql::Answer OnlyHere() {
  sql::Answer answer;
  answer.code = Code::kErRmFail;
  answer.failure.reason = Reason::kUnavailable;
  answer.failure.detail = kOnlyHere;
  answer.failure.may_retry = true;
  return answer;
}

std::string TextAt(const ResultSet& result, size_t row, size_t column) {
  if (row >= result.rows.size() || column >= result.rows[row].size()) return {};
  const auto* text = std::get_if<std::string>(&result.rows[row][column]);
  return text == nullptr ? std::string() : *text;
}

Result<Stamped> AskStamp(Connection& connection, const Dialect& dialect, const std::string& more,
                         uint32_t timeout_ms) {
  const std::string rest = more.empty() ? "" : "; " + more;
  const Bounds bounds{timeout_ms, 0, 0};
  Outcome outcome = connection.Execute(dialect.stamp + rest, bounds);
  if (!outcome.ok() && !outcome.lost()) {
    outcome = connection.Execute(dialect.stamp_restricted + rest, bounds);
  }
  if (!outcome.ok()) return Unavailable(outcome);
  Stamped stamped;
  stamped.stamp = {TextAt(outcome.results[0], 0, 0), TextAt(outcome.results[0], 0, 1)};
  const std::string position = TextAt(outcome.results[0], 0, 3);
  std::from_chars(position.data(), position.data() + position.size(), stamped.stamp.position);
  if (stamped.stamp.identity.empty() || outcome.results[0].rows[0].size() != 4 ||
      outcome.results.size() != (more.empty() ? 1 : 2)) {
    return Error{ErrorCode::kUnavailable, "the server's answer has another shape"};
  }
  const auto* standby = std::get_if<bool>(&outcome.results[0].rows[0][2]);
  stamped.standby = standby == nullptr || *standby;
  outcome.results.erase(outcome.results.begin());
  stamped.rest = std::move(outcome);
  return stamped;
}

Session::Session(const Dialect& dialect, const sql::ResourceOptions& options,
                 std::unique_ptr<Connection> connection, sql::SessionId id, Baseline baseline,
                 xa::ServerStamp stamp, std::vector<std::string> warnings)
    : dialect_(dialect),
      options_(options),
      connection_(std::move(connection)),
      id_(std::move(id)),
      baseline_(std::move(baseline)),
      stamp_(std::move(stamp)),
      warnings_(std::move(warnings)) {}

Outcome Session::Send(const std::string& sql) {
  return connection_->Execute(sql, {options_.call_timeout_ms, 0, 0});
}

Outcome Session::Command(const std::string& sql) {
  return connection_->Command(sql, options_.call_timeout_ms);
}

Result<Outcome> Session::Ask(const std::string& sql) {
  Outcome outcome = Send(sql);
  if (!outcome.ok()) return Unavailable(outcome);
  return outcome;
}

bool Session::IsReplicated(const Outcome& outcome) {
  return !outcome.Warned(dialect_.wait_cancelled) || Fence();
}

Result<void> Session::Fence() {
  const Outcome fence = Command(dialect_.fence);
  if (!fence.ok()) return Unavailable(fence);
  if (!fence.Warned(dialect_.wait_cancelled)) return {};
  return Error{ErrorCode::kUnavailable, kOnlyHere};
}

sql::Answer Session::Finish(const std::string& sql) {
  const bool sent = alive();
  const Outcome outcome = Command(sql);
  if (outcome.ok()) return IsReplicated(outcome) ? sql::Answer{} : OnlyHere();
  sql::Answer answer = dialect_.judge(Verb::kPhaseTwo, outcome.diagnosis);
  // A server that ends the session in the middle of the verb may have carried it out.
  answer.lost = sent && (outcome.lost() || answer.failure.reason == Reason::kConnectionLost);
  if (outcome.lost()) {
    answer.code = Code::kErRmFail;
    answer.failure.reason = Reason::kConnectionLost;
    answer.failure.may_retry = true;
  }
  return answer;
}

sql::Answer Session::Commit(const xa::Xid& xid) { return Finish(dialect_.commit_prepared(xid)); }
sql::Answer Session::RollBackPrepared(const xa::Xid& xid) {
  return Finish(dialect_.roll_back_prepared(xid));
}

Result<xa::ScanResult> Session::List() {
  const auto stamped = AskStamp(*connection_, dialect_, dialect_.list, options_.call_timeout_ms);
  if (!stamped) return stamped.error();
  const ResultSet& list = stamped->rest.results.front();
  const auto count = CountedRows(list);
  if (!count) return count.error();
  xa::ScanResult scan;
  scan.complete = true;
  scan.stamp = stamped->stamp;
  scan.standby = stamped->standby;
  for (size_t i = 0; i < *count; ++i) {
    if (const auto xid = xa::Xid::FromPostgreSql(TextAt(list, i, 0))) {
      scan.listed.push_back({*xid, TextAt(list, i, 1)});
    } else {
      ++scan.foreign;
    }
  }
  return scan;
}

xa::Found Session::SettleWitness(const xa::Xid& xid) {
  const Outcome inserted = Command(dialect_.settle_witness(xid));
  if (inserted.ok()) {
    return IsReplicated(inserted) ? xa::Found::kWitnessRolledBack : xa::Found::kUnknown;
  }
  if (inserted.lost() || inserted.diagnosis.sqlstate != dialect_.unique_violation) {
    return xa::Found::kUnknown;
  }
  const Outcome written = Send(dialect_.rewrite_witness(xid));
  if (!written.ok() || !IsReplicated(written)) return xa::Found::kUnknown;
  const std::string mark = TextAt(written.results.front(), 0, 0);
  if (mark == "C") return xa::Found::kWitnessCommitted;
  if (mark == "R") return xa::Found::kWitnessRolledBack;
  return xa::Found::kUnknown;
}

Result<void> Session::PurgeWitness(const std::vector<xa::Xid>& xids) {
  for (size_t i = 0; i < xids.size(); i += kPurgeBatch) {
    const auto from = std::next(xids.begin(), static_cast<ptrdiff_t>(i));
    const auto to = std::next(from, static_cast<ptrdiff_t>(std::min(kPurgeBatch, xids.size() - i)));
    const auto purged = Ask(dialect_.purge_witness({from, to}));
    if (!purged) return purged.error();
  }
  return {};
}

Result<std::vector<sql::WitnessRow>> Session::Witnesses(const std::string& after,
                                                        const std::string& below, uint32_t limit) {
  const auto found = Ask(dialect_.witnesses(after, below, limit));
  if (!found) return found.error();
  std::vector<sql::WitnessRow> witnesses;
  const ResultSet& rows = found->results.front();
  const auto count = CountedRows(rows);
  if (!count) return count.error();
  for (size_t i = 0; i < *count; ++i) {
    std::string key = TextAt(rows, i, 0);
    const auto xid = dialect_.witness_of(key);
    witnesses.push_back({std::move(key), xid, TextAt(rows, i, 1) == "C"});
  }
  return witnesses;
}

Result<std::string> Session::InstallWitness() {
  const auto made = Ask(dialect_.install_witness);
  if (!made) return made.error();
  return std::string(made->warnings.empty() ? "created table assent_witness"
                                            : "table assent_witness was there already");
}

Result<void> Session::Act(const std::string& sql) {
  const auto acted = Ask(sql);
  if (!acted) return acted.error();
  if (acted->results.front().rows.empty()) {
    return Error{ErrorCode::kNotFound, "that session is gone, or is not ours"};
  }
  return {};
}

Result<void> Session::CancelStatement(const sql::SessionId& other) {
  return Act(dialect_.cancel_statement(other));
}
Result<void> Session::EndSession(const sql::SessionId& other) {
  return Act(dialect_.end_session(other));
}

Result<bool> Session::IsGone(const sql::SessionId& other) {
  return IsZero(Ask(dialect_.session_exists(other)));
}

Result<bool> Session::NoneBefore(const sql::SessionId& first,
                                 const std::vector<sql::SessionId>& known) {
  return IsZero(Ask(dialect_.sessions_before(first, known)));
}

Result<void> Session::Reset() {
  if (!alive() || state_ != State::kIdle) {
    return Error{ErrorCode::kUnavailable, "the session still holds a branch, or is lost"};
  }
  doom_.reset();
  if (!used_) return {};
  const Outcome reset = Command(dialect_.reset);
  if (!reset.ok()) return Unavailable(reset);
  used_ = false;
  return {};
}

Result<sql::Probe> Session::ProbeServer() {
  const auto stamped = AskStamp(*connection_, dialect_, dialect_.probe, options_.call_timeout_ms);
  if (!stamped) return stamped.error();
  const ResultSet& rows = stamped->rest.results.front();
  if (rows.rows.size() != 1) return Error{ErrorCode::kUnavailable, "the probe has another shape"};
  auto probe = dialect_.read_probe(rows.rows[0], options_.user);
  if (!probe) return probe.error();
  probe->stamp = stamped->stamp;
  probe->standby = probe->standby || stamped->standby;
  probe->warnings.insert(probe->warnings.end(), warnings_.begin(), warnings_.end());
  if (!connection_->guarded()) {
    probe->warnings.push_back(
        "a server that falls silent without closing the connection is not noticed: use TCP, and "
        "a port that is not translated on the way");
  }
  return probe;
}

}  // namespace assent::odbc
