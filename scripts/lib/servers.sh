# SPDX-License-Identifier: Apache-2.0
# Functions shared by scripts/demo and the examples: install packages, build, start private
# databases and a coordinator, stop them. Sourced, not run. Uses $PROGRAM (for messages), $ROOT,
# $work (a temporary directory), $logs below it, and $keep (1: the servers outlive the script). If
# ASSENT_BIN_DIR is set, the programs in it are used, and nothing is installed or built.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

readonly BIN=${ASSENT_BIN_DIR:-$ROOT/build/demo/bin}

daemon_pid='' failed=0

fail() {
  printf '\n%s%s: %s%s\n' "$RED" "$PROGRAM" "$*" "$PLAIN" >&2
  failed=1
  exit 1
}

# wait_until SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || fail "timed out waiting until $what"
    sleep 0.05
  done
}

install_packages() {
  local line
  if [[ -n ${ASSENT_BIN_DIR:-} ]]; then return; fi
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$logs/setup.log"
    case $line in
      'setup: everything is installed') ;;
      setup:*) printf '  %s\n' "$line" ;;
      *) progress "installing: ${line:0:60}" ;;
    esac
  done < <(scripts/setup demo 2>&1 || printf 'setup: failed\n')
  if grep -qx 'setup: failed' "$logs/setup.log"; then
    tail -n 15 "$logs/setup.log" >&2
    fail "the packages could not be installed"
  fi
  progress_done "packages: all installed"
}

# build TARGET...
build() {
  local began=$SECONDS
  if [[ -n ${ASSENT_BIN_DIR:-} ]]; then return; fi
  : >"$logs/build.log"
  cmake --preset demo >"$logs/configure.log" 2>&1 ||
    { tail -n 15 "$logs/configure.log" >&2; fail "cmake could not configure the build"; }
  progress "building"
  NINJA_STATUS='[%f/%t] ' cmake --build --preset demo --target "$@" 2>&1 |
    build_progress "$logs/build.log"
  if ((PIPESTATUS[0] != 0)); then
    progress_done ""
    tail -n 25 "$logs/build.log" >&2
    fail "the build failed"
  fi
  progress_done "built in $((SECONDS - began)) s"
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

# ---- The coordinator -------------------------------------------------------------------------

# Prints a loopback port that is not in use.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null; then break; fi
  done
  printf '%s\n' "$port"
}

# start_daemon [CRASH_POINT]: starts assentd. Unless $keep is 1, it ends with this script.
start_daemon() {
  local starter=(setsid)
  if ((!keep)); then starter=(setpriv --pdeathsig TERM setsid); fi
  (
    cd "$work" || exit 1
    if [[ -n ${1:-} ]]; then export ASSENT_CRASH_AT=$1; fi
    exec "${starter[@]}" "$BIN/assentd" --config assent.toml
  ) >>"$logs/assentd.log" 2>&1 </dev/null &
  daemon_pid=$!
  disown "$daemon_pid"  # the shell prints no message when it is killed
  printf '%s\n' "$daemon_pid" >"$work/assentd.pid"
  wait_until 30 "assentd is ready" daemon_is_ready
}

daemon_is_ready() {
  ! daemon_has_ended ||
    { tail -n 5 "$logs/assentd.log" >&2; fail "assentd exited during its start"; }
  curl -sf -o /dev/null "$url/readyz" && resources_are_up
}

resources_are_up() {
  [[ $(curl -s "$url/v1/resources" | jq -r '[.resources[].state] | unique | join(" ")') == UP ]]
}

daemon_has_ended() { ! kill -0 "$daemon_pid" 2>/dev/null; }

stop_daemon() {
  kill -TERM "$daemon_pid" || fail "assentd is not running"
  wait_until 20 "assentd has stopped" daemon_has_ended
}

# call METHOD PATH [BODY_FILE [TRANSACTION]]: sets $status (000: no response) and $answer.
call() {
  local arguments=(-s -o "$work/answer" -w '%{http_code}' -X "$1")
  if (($# > 2)); then arguments+=(-H 'Content-Type: application/json' --data-binary "@$3"); fi
  if (($# > 3)); then arguments+=(-H "Assent-Transaction: $4"); fi
  : >"$work/answer"
  status=$(curl "${arguments[@]}" "$url$2")
  answer=$(<"$work/answer")
}

field() { jq -r "$1 // empty" <<<"$answer"; }

# ---- Cleaning up -----------------------------------------------------------------------------

# True if the process $1 is an assentd whose working directory is $work.
is_our_daemon() {
  [[ -n $1 && $(readlink "/proc/$1/cwd") == "$work" &&
    $(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) == *assentd* ]]
}

# stop_servers SERVER...: stops the coordinator and these databases.
stop_servers() {
  local pid='' name deadline=$((SECONDS + 10))
  if [[ -s $work/assentd.pid ]]; then pid=$(<"$work/assentd.pid"); fi
  if is_our_daemon "$pid"; then
    kill -TERM "$pid"
    while is_our_daemon "$pid" && ((SECONDS < deadline)); do sleep 0.05; done
    if is_our_daemon "$pid"; then kill -9 "$pid"; fi
  fi 2>/dev/null
  for name in "$@"; do
    [[ -e $work/$name/kind ]] || continue
    scripts/servers kill "$work/$name" 2>/dev/null
    if [[ -e $work/$name/log ]]; then cp "$work/$name/log" "$logs/$name.log"; fi
    rm -rf "${work:?}/$name"
  done
}

# Removes $work after a success; after a failure prints where the logs are.
say_what_stays() {
  if ((failed)); then
    printf '%s: the logs are in %s, the decision log in %s\n' "$PROGRAM" "$logs" \
      "$work/assent-log" >&2
  else
    rm -rf "$work"
  fi
}
