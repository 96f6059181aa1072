// SPDX-License-Identifier: Apache-2.0
#include "tests/support/replica.h"

#include <chrono>

namespace assent::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

Result<void> Run(const Server& server, const std::string& statement) {
  const auto done = Sql(server, statement);
  return done ? Result<void>() : Result<void>(done.error());
}

Result<std::string> Value(const Server& server, const std::string& statement) {
  const auto rows = Sql(server, statement);
  if (!rows) return rows.error();
  if (rows->size() != 1) return Error{ErrorCode::kUnavailable, statement + ": no value"};
  return rows->front().at(0);
}

// Waits until `statement` returns `wanted`.
Result<void> Await(const Server& server, const std::string& statement, const std::string& wanted) {
  std::string last;
  const bool there = Eventually(kPatience, [&] {
    const auto value = Value(server, statement);
    last = value ? *value : value.error().message;
    return value && *value == wanted;
  });
  if (there) return {};
  return Error{ErrorCode::kTimeout, statement + ": " + last};
}

}  // namespace

Result<std::unique_ptr<Server>> StartPrimary(ServerKind kind) {
  if (kind == ServerKind::kPostgreSql) return Server::Start(kind);
  return Server::Start(
      kind, {0, {"server-id=1", "log-bin=binlog", "sync-binlog=1", "binlog-format=ROW"}});
}

Result<std::unique_ptr<Server>> StartReplica(const Server& primary) {
  if (primary.kind() == ServerKind::kPostgreSql) {
    return Server::Start(primary.kind(), {0, {}, primary.port()});
  }
  auto replica = Server::Start(primary.kind(), {0, {"server-id=2", "log-bin=binlog"}});
  if (!replica) return replica;
  const auto follows = Run(**replica,
                           "SET GLOBAL read_only = 1; CHANGE MASTER TO master_host = '127.0.0.1', "
                           "master_port = " +
                               std::to_string(primary.port()) +
                               ", master_user = 'root', master_log_file = 'binlog.000001', "
                               "master_log_pos = 4, master_use_gtid = no; START SLAVE");
  if (!follows) return follows.error();
  return replica;
}

Result<void> CatchUp(const Server& primary, const Server& replica) {
  const bool mariadb = !IsPostgreSql(primary.kind());
  const auto position = Value(
      primary, mariadb ? "SELECT @@gtid_binlog_pos" : "SELECT pg_current_wal_flush_lsn()::text");
  if (!position) return position.error();
  if (mariadb) {
    return Await(replica, "SELECT MASTER_GTID_WAIT('" + *position + "', 1)", "0");
  }
  return Await(replica, "SELECT pg_last_wal_replay_lsn() >= '" + *position + "'", "t");
}

Result<void> Detach(const Server& replica) {
  if (!IsPostgreSql(replica.kind())) return Run(replica, "STOP SLAVE; RESET SLAVE ALL");
  // ALTER SYSTEM must be a transaction of its own.
  if (auto cut = Run(replica, "ALTER SYSTEM SET primary_conninfo = ''"); !cut) return cut;
  if (auto read = Run(replica, "SELECT pg_reload_conf()"); !read) return read;
  return Await(replica, "SELECT count(*)::text FROM pg_stat_wal_receiver", "0");
}

Result<void> TakeOver(Server& replica, int port) {
  if (replica.kind() == ServerKind::kPostgreSql) {
    if (auto promoted = Await(replica, "SELECT pg_promote()", "t"); !promoted) return promoted;
  }
  return replica.Restart({}, port);  // MariaDB's read_only applied to its first start only
}

}  // namespace assent::test
