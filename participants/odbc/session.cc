// SPDX-License-Identifier: Apache-2.0
// The common parts of a session: sends texts within a time limit and interprets the answers.
#include "participants/odbc/session.h"

namespace assent::odbc {
namespace {

constexpr const char* kNotReplicated =
    "the server's wait for its synchronous standby was cancelled: the standby may not have the "
    "result";

}  // namespace

Error UnavailableBy(const OdbcResult& outcome) {
  const bool unknown = outcome.lost();
  return {unknown ? ErrorCode::kTimeout : ErrorCode::kUnavailable,
          outcome.error.message +
              (outcome.error.sqlstate.empty() ? "" : " (" + outcome.error.sqlstate + ")")};
}

sql::VerbResult NotReplicated() {
  sql::VerbResult answer;
  answer.code = xa::Code::kErRmFail;
  answer.failure.reason = core::Reason::kUnavailable;
  answer.failure.detail = kNotReplicated;
  answer.failure.may_retry = true;
  return answer;
}

std::string TextAt(const ResultSet& result, size_t row, size_t column) {
  if (row >= result.rows.size() || column >= result.rows[row].size()) return {};
  const auto* text = std::get_if<std::string>(&result.rows[row][column]);
  return text == nullptr ? std::string() : *text;
}

OdbcSession::OdbcSession(const sql::Dialect& dialect, const sql::ResourceOptions& options,
                         std::unique_ptr<OdbcHandle> connection, sql::SessionId id,
                         sql::Baseline baseline, xa::ServerStamp stamp,
                         std::vector<std::string> warnings)
    : dialect_(dialect),
      options_(options),
      connection_(std::move(connection)),
      id_(std::move(id)),
      baseline_(std::move(baseline)),
      stamp_(std::move(stamp)),
      warnings_(std::move(warnings)) {}

OdbcResult OdbcSession::Send(const std::string& sql) {
  return connection_->Execute(sql, {options_.call_timeout_ms, 0, 0});
}

OdbcResult OdbcSession::Command(const std::string& sql) {
  return connection_->Command(sql, options_.call_timeout_ms);
}

Result<OdbcResult> OdbcSession::Ask(const std::string& sql) {
  OdbcResult outcome = Send(sql);
  if (!outcome.ok()) return UnavailableBy(outcome);
  return outcome;
}

bool OdbcSession::IsReplicated(const OdbcResult& outcome) {
  return !outcome.Warned(dialect_.states().wait_cancelled) || Fence();
}

Result<void> OdbcSession::Fence() {
  const OdbcResult fence = Command(dialect_.Fence());
  if (!fence.ok()) return UnavailableBy(fence);
  if (!fence.Warned(dialect_.states().wait_cancelled)) return {};
  return Error{ErrorCode::kUnavailable, kNotReplicated};
}

Result<void> OdbcSession::Reset() {
  if (!alive() || state_ != State::kIdle) {
    return Error{ErrorCode::kUnavailable, "the session still holds a branch or is lost"};
  }
  doom_.reset();
  if (!used_) return {};
  const OdbcResult reset = Command(dialect_.Reset());
  if (!reset.ok()) return UnavailableBy(reset);
  used_ = false;
  return {};
}

}  // namespace assent::odbc
