# SPDX-License-Identifier: Apache-2.0
# Starts, audits and stops the servers of examples/travel: databases, partners and a coordinator.
# Sourced by run, after scripts/lib/servers.sh.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

# The same passwords as in the schemas.
export FLIGHT_PASSWORD=change-me COORDINATOR_PASSWORD=change-me

# The secret that the agency shares with each partner, to sign calls. No partner knows another's.
readonly -A secret_of=(
  [flight]=whsec_dGhlIGFnZW5jeSBhbmQgdGhlIGFpcmxpbmU=
  [hotel]=whsec_dGhlIGFnZW5jeSBhbmQgdGhlIGhvdGVscw==
  [payment]=whsec_dGhlIGFnZW5jeSBhbmQgaXRzIG93biBiYW5r
)

declare -A port_of pid_of

start_databases() {
  start_server mariadb
  start_server postgresql
  mariadb_admin=(mariadb --no-defaults -h 127.0.0.1 -P "$(server_value mariadb port)" -u root -N -B)
  hotel_admin=(psql -h 127.0.0.1 -p "$(server_value postgresql port)" -U postgres -X -q -A -t
    -F ' ' -v ON_ERROR_STOP=1)
  if ! "${mariadb_admin[@]}" <"$HERE/schema/flight.mysql.sql" ||
      ! "${mariadb_admin[@]}" <"$HERE/schema/ledger.mysql.sql" ||
      ! "${hotel_admin[@]}" -c 'CREATE DATABASE hotel' ||
      ! "${hotel_admin[@]}" -d hotel -f "$HERE/schema/hotel.postgresql.sql"; then
    fail "a schema could not be created"
  fi
}

# start_program NAME COMMAND...: starts a program that listens on ${port_of[NAME]}; it logs to
# NAME.log.
start_program() {
  local name=$1
  shift
  (cd "$work" && exec setpriv --pdeathsig KILL setsid "$@") >>"$logs/$name.log" 2>&1 </dev/null &
  pid_of[$name]=$!
  disown "$!"
  wait_until 20 "$name answers" program_answers "$name"
}

program_answers() {
  # is_ours does not work here: a program that is just starting has not changed to $work yet.
  kill -0 "${pid_of[$1]}" 2>/dev/null ||
    { tail -n 5 "$logs/$1.log" >&2; fail "$1 exited during its start"; }
  (exec 3<>/dev/tcp/127.0.0.1/"${port_of[$1]}") 2>/dev/null
}

start_partner() {
  local -x TRAVEL_SECRET=${secret_of[$1]}
  case $1 in
    flight)
      start_program flight "$BIN/travel_flight" "${port_of[flight]}" \
        "tcp://127.0.0.1:$(server_value mariadb port)/flight"
      ;;
    hotel)
      local server
      server="Server=127.0.0.1;Port=$(server_value postgresql port);Database=hotel"
      start_program hotel "$BIN/travel_hotel" "${port_of[hotel]}" \
        "Driver=PostgreSQL Unicode;$server;UID=hotel;PWD=change-me"
      ;;
    payment)
      start_program payment python3 "$ROOT/$HERE/payment.py" "${port_of[payment]}" \
        "$work/payment.sqlite"
      ;;
  esac
}

# A process whose working directory is $work was started by this script.
is_ours() { [[ -n $1 && $(readlink "/proc/$1/cwd") == "$work" ]]; }

kill_program() {
  local pid=${pid_of[$1]:-}
  if is_ours "$pid"; then kill -9 "$pid"; fi
  while is_ours "$pid"; do sleep 0.02; done
}

start_partners() {
  local name
  for name in flight hotel payment proxy; do port_of[$name]=$(free_port); done
  for name in flight hotel payment; do
    start_partner "$name"
    progress_done "$name: 127.0.0.1:${port_of[$name]}"
  done
}

start_coordinator() {
  local port
  port=$(free_port)
  sed -e "s/127\.0\.0\.1:7430/127.0.0.1:$port/" \
    -e "s/127\.0\.0\.1:3306/127.0.0.1:$(server_value mariadb port)/" \
    "$HERE/assent.toml" >"$work/assent.toml"
  url=http://127.0.0.1:$port
  FLIGHT_SECRET=${secret_of[flight]} HOTEL_SECRET=${secret_of[hotel]} \
    PAYMENT_SECRET=${secret_of[payment]} start_daemon
  progress_done "assentd: $url"
}

# ---- The ledgers -----------------------------------------------------------------------------

# Each prints the total, and how much of it is left, held and booked. They query the databases, not
# the partners.
flight_ledger() {
  "${mariadb_admin[@]}" flight -e "SELECT seats, seats_left,
    (SELECT COUNT(*) FROM seat WHERE state = 'held'),
    (SELECT COUNT(*) FROM seat WHERE state = 'booked') FROM flight" | tr '\t' ' '
}
hotel_ledger() {
  "${hotel_admin[@]}" -d hotel -c "SELECT rooms, rooms_left,
    (SELECT COUNT(*) FROM stay WHERE hotel = name AND state = 'held'),
    (SELECT COUNT(*) FROM stay WHERE hotel = name AND state = 'booked')
    FROM hotel WHERE name = 'Adler'"
}
payment_ledger() {
  python3 -c "import sqlite3, sys
print(*sqlite3.connect(sys.argv[1]).execute('''SELECT credit, credit_left,
  (SELECT COALESCE(SUM(amount), 0) FROM payment WHERE state = 'blocked'),
  (SELECT COALESCE(SUM(amount), 0) FROM payment WHERE state = 'charged') FROM card''').fetchone())
" "$work/payment.sqlite"
}
trip_ledger() {
  "${mariadb_admin[@]}" agency -e 'SELECT COUNT(*), COALESCE(SUM(price), 0) FROM trip' | tr '\t' ' '
}

nothing_is_held() {
  local ledger in_all left held booked
  for ledger in flight hotel payment; do
    read -r in_all left held booked < <("${ledger}_ledger")
    ((held == 0)) || return 1
  done
}

# print_ledger NAME WHAT IN_ALL LEFT HELD BOOKED
print_ledger() {
  printf '    %s%-9s%-8s %5s in all, %5s left, %5s held, %5s booked%s\n' "$DIM" "$@" "$PLAIN"
}

# audit TRIPS: prints the four ledgers; each must add up, and contain that many trips.
audit() {
  local trips=$1 name what price in_all left held booked sold sum
  step "The ledgers"
  for name in flight hotel payment; do
    read -r in_all left held booked < <("${name}_ledger") || fail "cannot read the $name's ledger"
    case $name in
      flight) what=seats price=1 ;;
      hotel) what=rooms price=1 ;;
      payment) what=credit price=420 ;;
    esac
    print_ledger "$name" "$what" "$in_all" "$left" "$held" "$booked"
    ((in_all == left + held + booked)) || fail "the $name's ledger does not add up"
    ((held == 0)) || fail "the $name still holds something"
    ((booked == trips * price)) || fail "the $name has not booked $trips trips"
  done
  read -r sold sum < <(trip_ledger)
  printf '    %s%-9s%-8s %5s sold, for %s%s\n' "$DIM" agency trips "$sold" "$sum" "$PLAIN"
  ((sold == trips && sum == trips * 420)) || fail "the agency has not sold $trips trips"
  good "They add up: sold $trips, and nothing is held."
}

# ---- Cleanup ---------------------------------------------------------------------------------

clean_up() {
  local name
  trap '' INT TERM HUP
  if [[ -z $work ]]; then return; fi
  for name in "${!pid_of[@]}"; do kill_program "$name"; done 2>/dev/null
  stop_servers mariadb postgresql
  say_what_stays
}
