// SPDX-License-Identifier: Apache-2.0
// The common parts of a session, and the other sessions of this process.
#include "participants/generic/session.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/random.h"

namespace assent::generic {

std::string OpenSessions::Add() {
  static const std::string process = ToHex(SystemRandom().Bytes(8));
  const std::lock_guard lock(mutex_);
  std::string id = process + "-" + std::to_string(++last_);
  ids_.insert(id);
  return id;
}

void OpenSessions::Remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  ids_.erase(id);
}

bool OpenSessions::Contains(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return ids_.contains(id);
}

const char* WhyNoXa() {
  return "this database has no XA: put its statements into a branch with last_resource";
}

GenericSession::GenericSession(const sql::ResourceOptions& options,
                               std::shared_ptr<OpenSessions> open,
                               std::unique_ptr<odbc::OdbcHandle> connection,
                               std::unique_ptr<Product> product, std::vector<std::string> warnings)
    : options_(options),
      open_(std::move(open)),
      connection_(std::move(connection)),
      product_(std::move(product)),
      id_{open_->Add(), ""},
      warnings_(std::move(warnings)) {}

// Only a closed connection can execute nothing any more.
GenericSession::~GenericSession() {
  if (active_ && alive()) (void)product_->End(false);
  product_.reset();
  connection_.reset();
  open_->Remove(id_.id);
}

odbc::OdbcResult GenericSession::Send(const std::string& sql, uint32_t first_rows) {
  return connection_->Execute(sql, {options_.call_timeout_ms, 0, 0, first_rows});
}

Result<void> GenericSession::CheckPlace() {
  Result<void> place = product_->CheckPlace();
  if (!place) alive_ = false;
  return place;
}

sql::VerbResult GenericSession::Judge(const odbc::OdbcResult& outcome) {
  sql::VerbResult answer;
  answer.failure.detail = outcome.error.message;
  answer.failure.sqlstate = outcome.error.sqlstate;
  answer.failure.vendor_code = outcome.error.number;
  Meaning meaning = product_->MeaningOf(outcome.error);
  if (outcome.kind == odbc::OdbcResult::Kind::kBadInput) meaning = {};
  if (outcome.lost()) meaning = {xa::Code::kRbCommFail, core::Reason::kConnectionLost, true, true};
  if (meaning.broken) alive_ = false;
  answer.code = meaning.code;
  answer.failure.reason = meaning.reason;
  answer.failure.may_retry = meaning.may_retry;
  return answer;
}

Error GenericSession::Failed(const odbc::OdbcResult& outcome) {
  const sql::VerbResult answer = Judge(outcome);
  return {ErrorCode::kUnavailable, answer.failure.detail};
}

// One statement, which commits by itself.
Result<void> GenericSession::Execute(const std::string& sql) {
  const odbc::OdbcResult done = Send(sql);
  if (!done.ok()) return Failed(done);
  return {};
}

// A statement that runs within the client library of a file ends with its own timeouts.
Result<void> GenericSession::CancelStatement(const sql::SessionId& /*other*/) {
  return Error{ErrorCode::kNotFound, "a statement over this driver cannot be cancelled"};
}
Result<void> GenericSession::EndSession(const sql::SessionId& /*other*/) {
  return Error{ErrorCode::kNotFound, "a session over this driver cannot be ended by another one"};
}
Result<bool> GenericSession::IsGone(const sql::SessionId& other) {
  return !open_->Contains(other.id);
}
Result<bool> GenericSession::NoneBefore(const sql::SessionId& /*first*/,
                                        const std::vector<sql::SessionId>& /*known*/) {
  return false;
}

Result<void> GenericSession::Reset() {
  if (!alive() || active_) {
    return Error{ErrorCode::kUnavailable, "the session still holds a branch or is lost"};
  }
  doom_.reset();
  if (used_ && product_->LeavesState()) {
    return Error{ErrorCode::kUnavailable, "nothing restores the state of a session here"};
  }
  used_ = false;
  return {};
}

}  // namespace assent::generic
