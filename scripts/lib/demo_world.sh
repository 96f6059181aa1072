# The world of scripts/demo: what it builds, its two databases, its coordinator, and their end.
# Sourced, not run. Uses $work (a directory of ours in /tmp), $logs below it, and $keep.
# shellcheck shell=bash

readonly BIN=$ROOT/build/demo/bin
readonly EXAMPLE=examples/coupon_grant
readonly KEPT=$ROOT/build/demo/kept  # names the directory of what --keep left running
export PC_PASSWORD=change-me MOBILE_PASSWORD=change-me  # as in the example's schemas

daemon_pid=''

fail() {
  printf '\n%sdemo: %s%s\n' "$RED" "$*" "$PLAIN" >&2
  failed=1
  exit 1
}

# wait_until SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || fail "waited in vain until $what"
    sleep 0.05
  done
}

install_packages() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$logs/setup.log"
    case $line in
      'setup: everything is there') ;;
      setup:*) printf '  %s\n' "$line" ;;
      *) progress "installing: ${line:0:60}" ;;
    esac
  done < <(scripts/setup demo 2>&1 || printf 'setup: failed\n')
  if grep -qx 'setup: failed' "$logs/setup.log"; then
    tail -n 15 "$logs/setup.log" >&2
    fail "the packages could not be installed"
  fi
  progress_done "packages: all there"
}

build() {
  local began=$SECONDS
  : >"$logs/build.log"
  cmake --preset demo >"$logs/configure.log" 2>&1 ||
    { tail -n 15 "$logs/configure.log" >&2; fail "cmake could not configure the build"; }
  progress "building"
  NINJA_STATUS='[%f/%t] ' cmake --build --preset demo --target assentd assent 2>&1 |
    build_progress "$logs/build.log"
  if ((PIPESTATUS[0] != 0)); then
    progress_done ""
    tail -n 25 "$logs/build.log" >&2
    fail "the build failed"
  fi
  progress_done "assentd and assent: built in $((SECONDS - began)) s"
}

# ---- The databases ---------------------------------------------------------------------------

server_value() { sed -n "s/.*\b$2=\([^ ]*\).*/\1/p" "$work/$1/env"; }

start_server() {
  local owner=()
  if ((!keep)); then owner=(--owner $$); fi
  scripts/servers start "$1" "$work/$1" "${owner[@]}" >/dev/null 2>"$logs/$1-start.log" ||
    { cat "$logs/$1-start.log" >&2; fail "$1 did not start"; }
  progress_done "$1: 127.0.0.1:$(server_value "$1" port)"
}

start_databases() {
  start_server postgresql
  start_server mariadb
  pc_admin=(psql -h 127.0.0.1 -p "$(server_value postgresql port)" -U postgres)
  mobile_admin=(mariadb --no-defaults -h 127.0.0.1 -P "$(server_value mariadb port)" -u root)
}

# The administrator's view, not the coordinator's.
pc() { "${pc_admin[@]}" -d pc -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
mobile() { "${mobile_admin[@]}" -N -B "$@"; }

create_schemas() {
  "${pc_admin[@]}" -X -q -c 'CREATE DATABASE pc' && pc -f "$EXAMPLE/schema/pc.postgresql.sql" ||
    fail "the PC game's schema could not be created"
  mobile <"$EXAMPLE/schema/mobile.mysql.sql" ||
    fail "the mobile game's schema could not be created"
}

prepared_in_pc() { pc -c 'SELECT gid FROM pg_prepared_xacts ORDER BY prepared'; }
prepared_in_mobile() { mobile -e 'XA RECOVER' | cut -f 4; }
nothing_prepared() { [[ -z $(prepared_in_pc)$(prepared_in_mobile) ]]; }

# ---- The coordinator -------------------------------------------------------------------------

write_configuration() {
  local tries
  for tries in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null; then break; fi
  done
  sed -e "s/127\.0\.0\.1:7430/127.0.0.1:$port/" \
    -e "s/Port=5432/Port=$(server_value postgresql port)/" \
    -e "s/127\.0\.0\.1:3306/127.0.0.1:$(server_value mariadb port)/" \
    "$EXAMPLE/assent.toml" >"$work/assent.toml"
  url=http://127.0.0.1:$port
  export ASSENT_SERVER=$url
}

# start_daemon [CRASH_POINT]. Dies with this script, unless it is to stay.
start_daemon() {
  local starter=(setsid)
  if ((!keep)); then starter=(setpriv --pdeathsig TERM setsid); fi
  (
    cd "$work" || exit 1
    if [[ -n ${1:-} ]]; then export ASSENT_CRASH_AT=$1; fi
    exec "${starter[@]}" "$BIN/assentd" --config assent.toml
  ) >>"$logs/assentd.log" 2>&1 </dev/null &
  daemon_pid=$!
  disown "$daemon_pid"  # no word from the shell when it is killed
  printf '%s\n' "$daemon_pid" >"$work/assentd.pid"
  wait_until 30 "assentd is ready" daemon_is_ready
}

daemon_is_ready() {
  ! daemon_has_ended ||
    { tail -n 5 "$logs/assentd.log" >&2; fail "assentd ended at its start"; }
  curl -sf -o /dev/null "$url/readyz" && resources_are_up
}

resources_are_up() {
  [[ $(curl -s "$url/v1/resources" | jq -r '[.resources[].state] | unique | join(" ")') == UP ]]
}

daemon_has_ended() { ! kill -0 "$daemon_pid" 2>/dev/null; }

stop_daemon() {
  kill -TERM "$daemon_pid" || fail "assentd had ended already"
  wait_until 20 "assentd has stopped" daemon_has_ended
}

# call METHOD PATH [BODY_FILE [TRANSACTION]]: sets $status (000: no answer) and $answer.
call() {
  local arguments=(-s -o "$work/answer" -w '%{http_code}' -X "$1")
  if (($# > 2)); then arguments+=(-H 'Content-Type: application/json' --data-binary "@$3"); fi
  if (($# > 3)); then arguments+=(-H "Assent-Transaction: $4"); fi
  : >"$work/answer"
  status=$(curl "${arguments[@]}" "$url$2")
  answer=$(<"$work/answer")
}

field() { jq -r "$1 // empty" <<<"$answer"; }

# ---- The end ---------------------------------------------------------------------------------

# True when the process $1 is an assentd that works in $work.
is_our_daemon() {
  [[ -n $1 && $(readlink "/proc/$1/cwd") == "$work" &&
    $(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) == *assentd* ]]
}

end_world() {
  local pid='' name deadline=$((SECONDS + 10))
  if [[ -s $work/assentd.pid ]]; then pid=$(<"$work/assentd.pid"); fi
  if is_our_daemon "$pid"; then
    kill -TERM "$pid"
    while is_our_daemon "$pid" && ((SECONDS < deadline)); do sleep 0.05; done
    if is_our_daemon "$pid"; then kill -9 "$pid"; fi
  fi 2>/dev/null
  for name in mariadb postgresql; do
    [[ -e $work/$name/kind ]] || continue
    scripts/servers kill "$work/$name" 2>/dev/null
    if [[ -e $work/$name/log ]]; then cp "$work/$name/log" "$logs/$name.log"; fi
    rm -rf "${work:?}/$name"
  done
}

# Runs at every exit: what stays after a failure are the logs, after --keep everything.
clean_up() {
  trap '' INT TERM HUP
  if [[ -z $work ]]; then return; fi
  if ((kept)); then return; fi
  end_world
  if ((failed)); then
    printf 'demo: the logs are in %s, the decision log in %s\n' "$logs" "$work/assent-log" >&2
  else
    rm -rf "$work"
  fi
}

stop_kept() {
  if [[ ! -s $KEPT ]] || ! work=$(<"$KEPT") || [[ ! -d $work ]]; then
    rm -f "$KEPT"
    work=''
    say "Nothing of the demo is running."
    return
  fi
  logs=$work/logs
  end_world
  rm -rf "$work" "$KEPT"
  work=''
  say "The demo's databases and its coordinator have ended; nothing is left of them."
}
