// SPDX-License-Identifier: Apache-2.0
#include "client/partner/session.h"

#include "base/check.h"

namespace assent::partner {
namespace {

const char* BeginText(barrier::Vendor vendor) {
  // On MariaDB and MySQL the session sets the isolation level.
  return vendor == barrier::Vendor::kMySql ? "START TRANSACTION"
                                           : "BEGIN ISOLATION LEVEL READ COMMITTED";
}

}  // namespace

Result<void> Session::Begin() {
  CHECK(!in_transaction_) << "a local transaction is already open";
  const auto begun = Change(BeginText(vendor_), {});
  if (!begun) return begun.error();
  in_transaction_ = true;
  failure_.reset();
  return {};
}

// After a failure nothing is sent: on MariaDB a deadlock ends the local transaction, and a later
// statement would commit by itself.
Result<uint64_t> Session::Execute(const std::string& sql, const std::vector<Value>& parameters) {
  if (failure_) return *failure_;
  auto matched = Change(sql, parameters);
  if (!matched && in_transaction_) failure_ = matched.error();
  return matched;
}

Result<std::vector<Row>> Session::Query(const std::string& sql,
                                        const std::vector<Value>& parameters) {
  if (failure_) return *failure_;
  auto rows = Read(sql, parameters);
  if (!rows && in_transaction_) failure_ = rows.error();
  return rows;
}

Result<void> Session::Commit() {
  CHECK(in_transaction_) << "no local transaction to commit";
  if (failure_) {
    const Error why = *failure_;
    RollBack();
    return why;
  }
  const auto committed = Change("COMMIT", {});
  in_transaction_ = false;
  if (committed) return {};
  if (!alive()) return Error{ErrorCode::kTimeout, "the commit was not answered", ""};
  in_transaction_ = true;
  RollBack();
  return committed.error();
}

void Session::RollBack() {
  if (!in_transaction_) return;
  in_transaction_ = false;
  failure_.reset();
  if (alive() && !Change("ROLLBACK", {})) is_broken_ = true;
}

Result<void> Session::SetSavepoint(const std::string& name) {
  const auto set = Execute("SAVEPOINT " + name);
  if (!set) return set.error();
  return {};
}

Result<void> Session::ReturnToSavepoint(const std::string& name) {
  CHECK(in_transaction_) << "a savepoint outside of a local transaction";
  const auto returned = Change("ROLLBACK TO SAVEPOINT " + name, {});
  if (!returned) {
    failure_ = returned.error();
    return returned.error();
  }
  failure_.reset();
  return {};
}

bool IsConstraint(const Error& error) { return error.field.starts_with("23"); }

Result<void> MakeBarrierTable(Session& session) {
  const auto made = session.Execute(std::string(barrier::Definition(session.vendor())));
  if (!made) return made.error();
  return {};
}

Result<uint64_t> PurgeBarrier(Session& session, const std::string& transaction, WallTime horizon,
                              const std::function<bool()>& goes_on) {
  const barrier::Statement purge = barrier::Purge(session.vendor(), transaction, horizon);
  uint64_t removed = 0;
  while (true) {
    if (auto begun = session.Begin(); !begun) return begun.error();
    const auto matched = session.Execute(
        purge.sql, std::vector<Value>(purge.parameters.begin(), purge.parameters.end()));
    if (auto committed = session.Commit(); !committed) return committed.error();
    removed += *matched;
    if (*matched == 0 || !goes_on()) return removed;
  }
}

}  // namespace assent::partner
