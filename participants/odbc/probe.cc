// SPDX-License-Identifier: Apache-2.0
// Reads the server's stamp and the probe.
#include <charconv>

#include "participants/odbc/session.h"

namespace assent::odbc {

Result<Stamped> AskStamp(OdbcHandle& connection, const sql::Dialect& dialect,
                         const std::string& more, uint32_t timeout_ms) {
  const std::string rest = more.empty() ? "" : "; " + more;
  const Bounds bounds{timeout_ms, 0, 0};
  OdbcResult outcome = connection.Execute(dialect.Stamp() + rest, bounds);
  if (!outcome.ok() && !outcome.lost()) {
    outcome = connection.Execute(dialect.StampRestricted() + rest, bounds);
  }
  if (!outcome.ok()) return UnavailableBy(outcome);
  Stamped stamped;
  stamped.stamp = {TextAt(outcome.results[0], 0, 0), TextAt(outcome.results[0], 0, 1)};
  const std::string position = TextAt(outcome.results[0], 0, 3);
  std::from_chars(position.data(), position.data() + position.size(), stamped.stamp.position);
  if (stamped.stamp.identity.empty() || outcome.results[0].rows[0].size() != 4 ||
      outcome.results.size() != (more.empty() ? 1 : 2)) {
    return Error{ErrorCode::kUnavailable, "the server's answer is malformed"};
  }
  const auto* standby = std::get_if<bool>(&outcome.results[0].rows[0][2]);
  stamped.standby = standby == nullptr || *standby;
  outcome.results.erase(outcome.results.begin());
  stamped.rest = std::move(outcome);
  return stamped;
}

Result<sql::Probe> OdbcSession::ProbeServer() {
  const auto stamped =
      AskStamp(*connection_, dialect_, dialect_.ReadProbe(), options_.call_timeout_ms);
  if (!stamped) return stamped.error();
  const ResultSet& rows = stamped->rest.results.front();
  if (rows.rows.size() != 1)
    return Error{ErrorCode::kUnavailable, "the row of the probe is malformed"};
  auto probe = dialect_.ProbeOf(rows.rows[0], options_.user);
  if (!probe) return probe.error();
  probe->stamp = stamped->stamp;
  probe->standby = probe->standby || stamped->standby;
  probe->warnings.insert(probe->warnings.end(), warnings_.begin(), warnings_.end());
  if (!connection_->guarded()) {
    probe->warnings.push_back(
        "a server that becomes unresponsive without closing the connection is not detected: use "
        "TCP, and a port that is not translated on the way");
  }
  return probe;
}

}  // namespace assent::odbc
