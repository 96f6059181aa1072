# SPDX-License-Identifier: Apache-2.0
# What scripts/servers needs to know of MySQL. Sourced by it, not run; uses $dir, $port and $self.
# The server is the one that scripts/fetch_mysql unpacks; it runs through its own loader, because it
# needs a newer C library than the system has. The client is MariaDB's.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

# shellcheck source=scripts/lib/mysql_client.sh
source "${self%/*}/lib/mysql_client.sh"

# Sets `command` to the server with what it always needs.
bare_server() {
  local tree libraries
  tree=$("${self%/*}/fetch_mysql" --path) ||
    fail "MySQL 9 has not been fetched; run scripts/fetch_mysql"
  libraries=$tree/usr/lib/x86_64-linux-gnu
  command=("$libraries/ld-linux-x86-64.so.2" --library-path
    "$libraries:$tree/usr/lib/mysql/private" "$tree/usr/sbin/mysqld" --no-defaults
    --basedir="$tree/usr" --lc-messages-dir="$tree/usr/share/mysql"
    --character-sets-dir="$tree/usr/share/mysql/charsets" --plugin-dir="$tree/usr/lib/mysql/plugin"
    --secure-file-priv=NULL --datadir="$dir/data" --tmpdir="$dir/tmp"
    --innodb-buffer-pool-size=64M)
}

# Sets `command` to what creates the data directory.
initialise_command() {
  bare_server
  command+=(--initialize-insecure)
}

# Sets `command` to the server's command line, without its options.
server_command() {
  bare_server
  command+=(--socket="$dir/run/socket" --port="$port" --bind-address=127.0.0.1
    --pid-file="$dir/run/pid" --mysqlx=OFF --skip-name-resolve --max-connections=300
    --innodb-flush-log-at-trx-commit=1
    --log-bin-trust-function-creators=ON)
}

# MySQL's root is known on this machine's socket only.
create_users() {
  create_user_assent && sql_as_root <<'SQL'
CREATE USER IF NOT EXISTS 'root'@'%';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION;
SQL
}
