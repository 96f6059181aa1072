# SPDX-License-Identifier: Apache-2.0
# What scripts/servers needs to know of PostgreSQL. Sourced by it, not run; uses $dir, $port and
# $primary (the port of the server whose standby this becomes, or nothing).
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

readonly STOP_SIGNAL=INT SOCKET=run

# Sets `command` to what creates the data directory.
initialise_command() {
  if [[ -n $primary ]]; then
    command=("$(binary pg_basebackup)" -D "$dir/data" -R -h 127.0.0.1 -p "$primary" -U postgres
      --checkpoint=fast --no-sync)
  else
    command=("$(binary initdb)" -D "$dir/data" -A trust -U postgres --no-locale -E UTF8 --no-sync)
  fi
}

# Sets `command` to the server's command line, without its options.
server_command() {
  command=("$(binary postgres)" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1
    -c unix_socket_directories="$dir/run" -c max_prepared_transactions=200
    -c max_connections=300 -c shared_buffers=64MB)
}

add_option() { command+=(-c "$1"); }

answers() { "$(binary pg_isready)" -q -h "$dir/run" -p "$port" -t 2; }

create_users() { :; }
