// SPDX-License-Identifier: Apache-2.0
// The witness table, the identity, and the probe.
#include <algorithm>
#include <iterator>

#include "participants/generic/session.h"
#include "participants/generic/witness.h"

namespace assent::generic {
namespace {

using odbc::OdbcResult;
using xa::Code;
using xa::Found;

constexpr size_t kPurgeBatch = 100;
// A branch that still exists blocks the insert: that is inconclusive, and not worth a long wait.
constexpr uint32_t kSettleWaitMs = 1'000;

std::string TextAt(const OdbcResult& outcome, size_t row, size_t column) {
  if (outcome.results.empty()) return {};
  const auto& rows = outcome.results.front().rows;
  if (row >= rows.size() || column >= rows[row].size()) return {};
  const auto* text = std::get_if<std::string>(&rows[row][column]);
  if (text == nullptr) return {};
  return text->substr(0, text->find_last_not_of(' ') + 1);  // CHAR may be padded
}

size_t RowsOf(const OdbcResult& outcome) {
  return outcome.results.empty() ? 0 : outcome.results.front().rows.size();
}

std::string Sanitized(std::string product) {
  std::replace(product.begin(), product.end(), '/', '_');
  return product.empty() ? "unknown" : product;
}

constexpr const char* kReadIdentity =
    "SELECT xid FROM assent_witness WHERE mark = 'I' ORDER BY xid";

}  // namespace

// Never prepared, whatever the XID.
sql::VerbResult GenericSession::Commit(const xa::Xid& /*xid*/) { return {Code::kErNota, {}}; }
sql::VerbResult GenericSession::RollBackPrepared(const xa::Xid& /*xid*/) {
  return {Code::kErNota, {}};
}

Result<bool> GenericSession::ReadIdentity() {
  stamp_ = {"generic/" + Sanitized(connection_->Product()), ""};
  const OdbcResult read = Send(kReadIdentity, 1);
  if (!read.ok()) {
    const sql::VerbResult answer = Judge(read);
    const bool no_table = answer.failure.reason == core::Reason::kSqlError;
    if (no_table && alive()) return false;
    return Error{ErrorCode::kUnavailable, answer.failure.detail};
  }
  const std::string key = TextAt(read, 0, 0);
  if (key.empty()) return false;
  stamp_.identity += "/" + key.substr(key.find_first_not_of(kIdentityMark));
  return true;
}

Result<xa::ScanResult> GenericSession::List() {
  if (const Result<void> place = CheckPlace(); !place) return place.error();
  const Result<bool> identified = ReadIdentity();
  if (!identified) return identified.error();
  xa::ScanResult scan;
  scan.complete = true;
  scan.standby = read_only_;
  scan.stamp = stamp_;
  return scan;
}

Found GenericSession::MarkOf(const xa::Xid& xid) {
  const std::string where = "assent_witness WHERE xid = '" + WitnessKey(xid) + "'";
  // Locks the row: what another transaction has not committed yet is not seen, but waited for.
  const OdbcResult locked =
      Send("UPDATE assent_witness SET mark = mark WHERE xid = '" + WitnessKey(xid) + "'");
  if (!locked.ok()) return Found::kUnknown;
  const OdbcResult read = Send("SELECT mark FROM " + where);
  if (!read.ok()) return Found::kUnknown;
  if (RowsOf(read) == 0) return Found::kNotListed;
  const std::string mark = TextAt(read, 0, 0);
  if (mark == "C") return Found::kWitnessCommitted;
  return mark == "R" ? Found::kWitnessRolledBack : Found::kUnknown;
}

Found GenericSession::ReadWitness(const xa::Xid& xid) {
  if (active_ || !CheckPlace()) return Found::kUnknown;
  if (!product_->Begin(xa::Isolation::kReadCommitted).ok()) return Found::kUnknown;
  Found found = MarkOf(xid);
  const OdbcResult ended = product_->End(found != Found::kUnknown);
  if (!ended.ok()) {
    alive_ = false;  // the transaction may be open
    found = Found::kUnknown;
  }
  return found;
}

Found GenericSession::SettleWitness(const xa::Xid& xid) {
  if (active_ || !CheckPlace()) return Found::kUnknown;
  product_->WaitForLocks(kSettleWaitMs);
  Found found = Found::kUnknown;
  bool retry = false;
  if (product_->Begin(xa::Isolation::kReadCommitted).ok()) {
    const Result<std::string> lossy = product_->WhyNotDurable();
    const OdbcResult inserted = Send(InsertRow(WitnessKey(xid), 'R'));
    const bool durable = lossy && lossy->empty();
    if (inserted.ok()) {
      found = durable ? Found::kWitnessRolledBack : Found::kUnknown;
    } else if (product_->IsDuplicate(inserted.error)) {
      found = MarkOf(xid);
      retry = found == Found::kUnknown;  // some databases accept nothing after an error
    }
    const bool keep = inserted.ok() && durable;
    if (!product_->End(keep).ok()) {
      alive_ = false;
      found = Found::kUnknown;
    }
  }
  if (retry && alive()) found = ReadWitness(xid);
  if (alive()) product_->WaitForLocks(options_.lock_timeout_ms);
  return found == Found::kNotListed ? Found::kUnknown : found;  // it was there a moment ago
}

Result<void> GenericSession::NoteStart(const xa::Xid& start) {
  const OdbcResult inserted = Send(InsertRow(WitnessKey(start), 'S'));
  if (inserted.ok() || product_->IsDuplicate(inserted.error)) return {};
  return Failed(inserted);
}

Result<void> GenericSession::PurgeWitness(const std::vector<xa::Xid>& xids) {
  for (size_t i = 0; i < xids.size(); i += kPurgeBatch) {
    const auto from = std::next(xids.begin(), static_cast<ptrdiff_t>(i));
    const auto to = std::next(from, static_cast<ptrdiff_t>(std::min(kPurgeBatch, xids.size() - i)));
    if (const Result<void> purged = Execute(DeleteRows({from, to})); !purged) return purged;
  }
  return {};
}

Result<std::vector<sql::WitnessRow>> GenericSession::Witnesses(const std::string& after,
                                                               const std::string& below,
                                                               uint32_t limit) {
  const OdbcResult read = Send("SELECT xid, mark FROM assent_witness WHERE xid > '" + after +
                                   "' AND xid < '" + below + "' ORDER BY xid",
                               limit);
  if (!read.ok()) return Failed(read);
  std::vector<sql::WitnessRow> rows;
  for (size_t i = 0; i < RowsOf(read) && i < limit; ++i) {
    std::string key = TextAt(read, i, 0);
    const auto xid = XidOfKey(key);
    rows.push_back({std::move(key), xid, TextAt(read, i, 1) == "R"});
  }
  return rows;
}

Result<std::string> GenericSession::InstallWitness() {
  if (const Result<void> place = CheckPlace(); !place) return place.error();
  const bool exists = Send("SELECT COUNT(*) FROM assent_witness").ok();
  if (!exists) {
    if (const Result<void> created = Execute(CreateTable()); !created) return created.error();
  }
  const Result<bool> identified = ReadIdentity();
  if (!identified) return identified.error();
  if (!*identified) {
    const Result<void> inserted = Execute(InsertIdentity());
    if (!inserted) return inserted.error();
  }
  return std::string(exists ? "table assent_witness already exists"
                            : "created table assent_witness");
}

Result<sql::Probe> GenericSession::ProbeServer() {
  if (const Result<void> place = CheckPlace(); !place) return place.error();
  sql::Probe probe;
  probe.dialect = connection_->Product();
  probe.keeps_prepared = true;  // there are none
  if (const Result<void> examined = product_->Examine(probe); !examined) return examined.error();
  const Result<bool> identified = ReadIdentity();
  if (!identified) return identified.error();
  probe.stamp = stamp_;
  probe.witness = *identified;
  if (!*identified && Send("SELECT COUNT(*) FROM assent_witness").ok()) {
    probe.warnings.push_back(
        "the row that identifies this database is missing from table assent_witness: it was "
        "deleted, or this is another database; if it is the right one, insert a new row with "
        "`assent resource install " +
        options_.name + "`");
  }
  probe.warnings.insert(probe.warnings.end(), warnings_.begin(), warnings_.end());
  read_only_ = probe.standby;
  return probe;
}

}  // namespace assent::generic
