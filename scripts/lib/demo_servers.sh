# SPDX-License-Identifier: Apache-2.0
# The servers of scripts/demo: two games' databases and a coordinator. Sourced after servers.sh.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

readonly EXAMPLE=examples/coupon_grant
readonly KEPT=$ROOT/build/demo/kept  # contains the directory of the servers left running by --keep
export PC_PASSWORD=change-me MOBILE_PASSWORD=change-me  # as in the example's schemas

start_databases() {
  start_server postgresql
  start_server mariadb
  pc_admin=(psql -h 127.0.0.1 -p "$(server_value postgresql port)" -U postgres)
  mobile_admin=(mariadb --no-defaults -h 127.0.0.1 -P "$(server_value mariadb port)" -u root)
}

# Run SQL as administrator, not as the coordinator's user.
pc() { "${pc_admin[@]}" -d pc -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
mobile() { "${mobile_admin[@]}" -N -B "$@"; }

create_schemas() {
  if ! "${pc_admin[@]}" -X -q -c 'CREATE DATABASE pc' ||
      ! pc -f "$EXAMPLE/schema/pc.postgresql.sql"; then
    fail "the PC game's schema could not be created"
  fi
  mobile <"$EXAMPLE/schema/mobile.mysql.sql" ||
    fail "the mobile game's schema could not be created"
}

prepared_in_pc() { pc -c 'SELECT gid FROM pg_prepared_xacts ORDER BY prepared'; }
prepared_in_mobile() { mobile -e 'XA RECOVER' | cut -f 4; }
nothing_prepared() { [[ -z $(prepared_in_pc)$(prepared_in_mobile) ]]; }

write_configuration() {
  local port
  port=$(free_port)
  sed -e "s/127\.0\.0\.1:7430/127.0.0.1:$port/" \
    -e "s/Port=5432/Port=$(server_value postgresql port)/" \
    -e "s/127\.0\.0\.1:3306/127.0.0.1:$(server_value mariadb port)/" \
    "$EXAMPLE/assent.toml" >"$work/assent.toml"
  url=http://127.0.0.1:$port
  export ASSENT_SERVER=$url
}

# Runs at every exit. Keeps the logs after a failure, and everything after --keep.
clean_up() {
  trap '' INT TERM HUP
  if [[ -z $work ]]; then return; fi
  if ((kept)); then return; fi
  stop_servers mariadb postgresql
  say_what_stays
}

stop_kept() {
  if [[ ! -s $KEPT ]] || ! work=$(<"$KEPT") || [[ ! -d $work ]]; then
    rm -f "$KEPT"
    work=''
    say "No demo is running."
    return
  fi
  logs=$work/logs
  stop_servers mariadb postgresql
  rm -rf "$work" "$KEPT"
  work=''
  say "The demo's databases and coordinator were stopped and their files removed."
}
