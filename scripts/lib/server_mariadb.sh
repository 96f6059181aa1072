# SPDX-License-Identifier: Apache-2.0
# What scripts/servers needs to know of MariaDB. Sourced by it, not run; uses $dir, $port
# and $self.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

# shellcheck source=scripts/lib/mysql_client.sh
source "${self%/*}/lib/mysql_client.sh"

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

create_users() { create_user_assent; }
