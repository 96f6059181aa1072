# SPDX-License-Identifier: Apache-2.0
# What scripts/servers needs to know of MariaDB. Sourced by it, not run; uses $dir, $port.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

readonly STOP_SIGNAL=TERM SOCKET=run/socket

# Sets `command` to what creates the data directory.
initialise_command() {
  # In a shared directory, another server would remove its temporary tables when it starts.
  command=("$(binary mariadb-install-db)" --no-defaults --datadir="$dir/data" --tmpdir="$dir/tmp"
    --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve)
}

# Sets `command` to the server's command line, without its options.
server_command() {
  command=("$(binary mariadbd)" --no-defaults --datadir="$dir/data" --socket="$dir/run/socket"
    --port="$port" --bind-address=127.0.0.1 --pid-file="$dir/run/pid" --tmpdir="$dir/tmp"
    --skip-name-resolve --max-connections=300 --innodb-buffer-pool-size=64M
    --innodb-flush-log-at-trx-commit=1)
}

add_option() { command+=("--$1"); }

sql_as_root() { "$(binary mariadb)" --no-defaults --socket="$dir/run/socket" -u root "$@"; }

answers() {
  local said
  said=$(sql_as_root -e 'SELECT 1' 2>&1) || [[ $said == *"ERROR 1045"* ]]
}

create_users() {
  sql_as_root <<'SQL'
CREATE USER IF NOT EXISTS 'assent'@'%' IDENTIFIED BY 'assent';
GRANT ALL PRIVILEGES ON *.* TO 'assent'@'%' WITH GRANT OPTION;
SQL
}
