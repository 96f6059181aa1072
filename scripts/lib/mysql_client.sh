# SPDX-License-Identifier: Apache-2.0
# What scripts/servers does in the same way for MariaDB and MySQL: it stops them, reaches them with
# MariaDB's client, and creates the user assent. Sourced by server_mariadb.sh and server_mysql.sh.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

readonly STOP_SIGNAL=TERM SOCKET=run/socket

add_option() { command+=("--$1"); }

sql_as_root() { "$(binary mariadb)" --no-defaults --socket="$dir/run/socket" -u root "$@"; }

answers() {
  local said
  said=$(sql_as_root -e 'SELECT 1' 2>&1) || [[ $said == *"ERROR 1045"* ]]
}

create_user_assent() {
  sql_as_root <<'SQL'
CREATE USER IF NOT EXISTS 'assent'@'%' IDENTIFIED BY 'assent';
GRANT ALL PRIVILEGES ON *.* TO 'assent'@'%' WITH GRANT OPTION;
SQL
}
