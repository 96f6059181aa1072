// SPDX-License-Identifier: Apache-2.0
#include "participants/postgresql/guard.h"

#include "participants/postgresql/literals.h"

namespace assent::postgresql {

std::string Require(const std::string& condition, const std::string& marker) {
  return "CASE WHEN " + condition + " THEN 1 ELSE CAST(" + marker +
         " || left(coalesce(current_setting('assent.branch',true),''),0) AS integer) END";
}

std::string RequireOwnBranch(const xa::Xid& xid, const sql::Baseline& baseline) {
  const std::string ours = "current_setting('assent.branch',true) = " + Quoted(xid.ToPostgreSql());
  const std::string user = Quoted(baseline.user);
  const std::string owned = "session_user = " + user + " AND current_user = " + user;
  return Require(ours + " AND " + owned +
                     " AND current_setting('client_encoding') = 'UTF8' AND "
                     "current_setting('standard_conforming_strings') = 'on' AND "
                     "current_setting('DateStyle') LIKE 'ISO%'",
                 "CASE WHEN (" + ours + ") IS NOT TRUE THEN " + Quoted(kLeftBranchMarker) +
                     " WHEN NOT (" + owned + ") THEN " + Quoted(kOtherUserMarker) + " ELSE " +
                     Quoted(kOtherSettingsMarker) + " END");
}

}  // namespace assent::postgresql
