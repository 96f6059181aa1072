// SPDX-License-Identifier: Apache-2.0
// Probes a server before it is used, and warns with the statement that fixes a missing requirement.
#include "participants/postgresql/dialect.h"

namespace assent::postgresql {

std::string PostgreSqlDialect::ReadProbe() const {
  return "SELECT current_setting('server_version'), "
         "current_setting('max_prepared_transactions')::int, "
         "current_setting('fsync'), current_setting('full_page_writes'), "
         "current_setting('synchronous_commit'), pg_is_in_recovery(), "
         "current_setting('default_transaction_read_only'), "
         "to_regclass('assent_witness') IS NOT NULL, "
         "coalesce((SELECT bool_and(has_table_privilege(to_regclass('assent_witness'), p)) "
         "FROM unnest(ARRAY['SELECT','INSERT','DELETE']) p), false)";
}

Result<sql::Probe> PostgreSqlDialect::ProbeOf(const std::vector<xa::Value>& row,
                                              const std::string& user) const {
  if (row.size() != 9) return Error{ErrorCode::kUnavailable, "the row of the probe is malformed"};
  const auto text = [&](size_t i) {
    const auto* value = std::get_if<std::string>(&row[i]);
    return value == nullptr ? std::string() : *value;
  };
  const auto yes = [&](size_t i) {
    const auto* value = std::get_if<bool>(&row[i]);
    return value != nullptr && *value;
  };
  if (const auto* slots = std::get_if<int64_t>(&row[1]); slots == nullptr || *slots <= 0) {
    return Error{ErrorCode::kUnavailable,
                 "PostgreSQL cannot prepare transactions: max_prepared_transactions is 0; run "
                 "ALTER SYSTEM SET max_prepared_transactions = 200; and restart the server"};
  }
  sql::Probe probe;
  probe.server_version = text(0);
  probe.dialect = "postgresql";
  probe.detaches_on_prepare = true;
  probe.standby = yes(5);
  probe.witness = yes(7) && yes(8);
  probe.keeps_prepared = true;
  const auto must_be_on = [&](const char* name, const std::string& value, const char* remedy) {
    if (value != "off") return;
    probe.keeps_prepared = false;
    probe.warnings.push_back(std::string(name) +
                             " is off: a crash can lose committed transactions; " + remedy);
    // A last resource sets synchronous_commit itself.
    if (name != std::string_view("synchronous_commit")) probe.not_durable = probe.warnings.back();
  };
  must_be_on("fsync", text(2), "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();");
  must_be_on("full_page_writes", text(3),
             "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();");
  const std::string remedy = "ALTER ROLE \"" + user + "\" SET synchronous_commit = on;";
  must_be_on("synchronous_commit", text(4), remedy.c_str());
  if (text(6) == "on" && !probe.standby) {
    probe.warnings.push_back(
        "default_transaction_read_only is on: the server refuses writes; ALTER SYSTEM SET "
        "default_transaction_read_only = off; SELECT pg_reload_conf();");
  }
  if (yes(7) && !yes(8)) {
    probe.warnings.push_back(
        "the account lacks rights on the witness table; GRANT SELECT, INSERT, DELETE ON "
        "assent_witness TO \"" +
        user + "\";");
  }
  return probe;
}

}  // namespace assent::postgresql
