// SPDX-License-Identifier: Apache-2.0
// Acts on prepared branches of any session and on other sessions; scans; the witness table.
#include <algorithm>
#include <iterator>

#include "participants/odbc/session.h"

namespace assent::odbc {
namespace {

using core::Reason;
using xa::Code;

constexpr size_t kPurgeBatch = 500;

// The number of rows before the last one, which must contain that number.
Result<size_t> CountedRows(const ResultSet& result) {
  const size_t rows = result.rows.size();
  if (rows == 0 || TextAt(result, rows - 1, 1) != std::to_string(rows - 1) ||
      !std::holds_alternative<std::monostate>(result.rows.back()[0])) {
    return Error{ErrorCode::kUnavailable, "the server's answer is incomplete"};
  }
  return rows - 1;
}

Result<bool> IsZero(const Result<OdbcResult>& counted) {
  if (!counted) return counted.error();
  const std::string count = TextAt(counted->results.front(), 0, 0);
  if (count.empty()) return Error{ErrorCode::kUnavailable, "the server's answer is incomplete"};
  return count == "0";
}

}  // namespace

sql::VerbResult OdbcSession::Finish(const std::string& sql) {
  const bool sent = alive();
  const OdbcResult outcome = Command(sql);
  if (outcome.ok()) return IsReplicated(outcome) ? sql::VerbResult{} : NotReplicated();
  sql::VerbResult answer = dialect_.Judge(sql::Verb::kPhaseTwo, outcome.error);
  // A server that ends the session in the middle of the verb may have executed it.
  answer.lost = sent && (outcome.lost() || answer.failure.reason == Reason::kConnectionLost);
  if (outcome.lost()) {
    answer.code = Code::kErRmFail;
    answer.failure.reason = Reason::kConnectionLost;
    answer.failure.may_retry = true;
  }
  return answer;
}

sql::VerbResult OdbcSession::Commit(const xa::Xid& xid) {
  return Finish(dialect_.CommitPrepared(xid));
}
sql::VerbResult OdbcSession::RollBackPrepared(const xa::Xid& xid) {
  return Finish(dialect_.RollBackPrepared(xid));
}

Result<xa::ScanResult> OdbcSession::List() {
  const auto stamped = AskStamp(*connection_, dialect_, dialect_.List(), options_.call_timeout_ms);
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

xa::Found OdbcSession::SettleWitness(const xa::Xid& xid) {
  const OdbcResult inserted = Command(dialect_.SettleWitness(xid));
  if (inserted.ok()) {
    return IsReplicated(inserted) ? xa::Found::kWitnessRolledBack : xa::Found::kUnknown;
  }
  if (inserted.lost() || inserted.error.sqlstate != dialect_.states().unique_violation) {
    return xa::Found::kUnknown;
  }
  const xa::Found found = ReadWitness(xid);
  return found == xa::Found::kNotListed ? xa::Found::kUnknown : found;  // it was there a moment ago
}

xa::Found OdbcSession::ReadWitness(const xa::Xid& xid) {
  const OdbcResult written = Send(dialect_.RewriteWitness(xid));
  if (!written.ok() || !IsReplicated(written)) return xa::Found::kUnknown;
  if (written.results.front().rows.empty()) return xa::Found::kNotListed;
  const std::string mark = TextAt(written.results.front(), 0, 0);
  if (mark == "C") return xa::Found::kWitnessCommitted;
  if (mark == "R") return xa::Found::kWitnessRolledBack;
  return xa::Found::kUnknown;
}

Result<void> OdbcSession::NoteStart(const xa::Xid& start) {
  const auto noted = Ask(dialect_.NoteStart(start));
  if (!noted) return noted.error();
  return {};
}

Result<void> OdbcSession::PurgeWitness(const std::vector<xa::Xid>& xids) {
  for (size_t i = 0; i < xids.size(); i += kPurgeBatch) {
    const auto from = std::next(xids.begin(), static_cast<ptrdiff_t>(i));
    const auto to = std::next(from, static_cast<ptrdiff_t>(std::min(kPurgeBatch, xids.size() - i)));
    const auto purged = Ask(dialect_.PurgeWitness({from, to}));
    if (!purged) return purged.error();
  }
  return {};
}

Result<std::vector<sql::WitnessRow>> OdbcSession::Witnesses(const std::string& after,
                                                            const std::string& below,
                                                            uint32_t limit) {
  const auto found = Ask(dialect_.Witnesses(after, below, limit));
  if (!found) return found.error();
  std::vector<sql::WitnessRow> witnesses;
  const ResultSet& rows = found->results.front();
  const auto count = CountedRows(rows);
  if (!count) return count.error();
  for (size_t i = 0; i < *count; ++i) {
    std::string key = TextAt(rows, i, 0);
    const auto xid = dialect_.WitnessOf(key);
    witnesses.push_back({std::move(key), xid, TextAt(rows, i, 1) == "R"});
  }
  return witnesses;
}

Result<std::string> OdbcSession::InstallWitness() {
  const auto made = Ask(dialect_.InstallWitness());
  if (!made) return made.error();
  return std::string(made->warnings.empty() ? "created table assent_witness"
                                            : "table assent_witness already exists");
}

Result<void> OdbcSession::Act(const std::string& sql) {
  const auto acted = Ask(sql);
  if (!acted) return acted.error();
  if (acted->results.front().rows.empty()) {
    return Error{ErrorCode::kNotFound, "the session has ended or is not ours"};
  }
  return {};
}

Result<void> OdbcSession::CancelStatement(const sql::SessionId& other) {
  return Act(dialect_.CancelStatement(other));
}
Result<void> OdbcSession::EndSession(const sql::SessionId& other) {
  return Act(dialect_.EndSession(other));
}

Result<bool> OdbcSession::IsGone(const sql::SessionId& other) {
  return IsZero(Ask(dialect_.SessionExists(other)));
}

Result<bool> OdbcSession::NoneBefore(const sql::SessionId& first,
                                     const std::vector<sql::SessionId>& known) {
  return IsZero(Ask(dialect_.SessionsBefore(first, known)));
}

}  // namespace assent::odbc
