# SPDX-License-Identifier: Apache-2.0
# Output functions of scripts/demo: headings, text, commands, results. Sourced, not run.
# shellcheck shell=bash disable=SC2034,SC2154  # variables of the script that sources it

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  readonly BOLD=$'\e[1m' DIM=$'\e[2m' CYAN=$'\e[36m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
  readonly ON_TERMINAL=1
else
  readonly BOLD='' DIM='' CYAN='' GREEN='' RED='' PLAIN='' ON_TERMINAL=0
fi

heading() { printf '\n%s== %s%s\n' "$BOLD" "$*" "$PLAIN"; }
say() { printf '%s\n' "$@"; }
step() { printf '\n%s- %s%s\n' "$BOLD" "$1" "$PLAIN"; shift; (($# == 0)) || printf '  %s\n' "$@"; }
command_line() { printf '  %s$ %s%s\n' "$CYAN" "$*" "$PLAIN"; }
good() { printf '  %s%s%s\n' "$GREEN" "$*" "$PLAIN"; }

# Prints standard input indented and dimmed, or "(nothing)" if it is empty.
quote() {
  local line lines=0
  while IFS= read -r line || [[ -n $line ]]; do
    printf '    %s%s%s\n' "$DIM" "$line" "$PLAIN"
    lines=$((lines + 1))
  done
  ((lines > 0)) || printf '    %s(nothing)%s\n' "$DIM" "$PLAIN"
}

# On a terminal: one line that is overwritten. Elsewhere: a line every ten seconds.
progress() {
  if ((ON_TERMINAL)); then
    printf '\r\e[K  %s' "$*"
  elif ((SECONDS - last_progress >= 10)); then
    last_progress=$SECONDS
    printf '  %s\n' "$*"
  fi
}
progress_done() { if ((ON_TERMINAL)); then printf '\r\e[K'; fi; printf '  %s\n' "$*"; }
last_progress=0

# Turns ninja's output into progress messages and appends it to the file $1.
build_progress() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$1"
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      progress "building: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]} steps"
    fi
  done
}

duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
