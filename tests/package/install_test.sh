#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs a build into its own prefix. From there, outside the source tree, runs the programs, and
# builds and runs a copy of examples/travel, an application, and each installed header.
#
#   install_test.sh ROOT BUILD VERSION
# shellcheck disable=SC2317  # what check calls counts as unreachable
set -uo pipefail
readonly ROOT=$1 BUILD=$2 VERSION=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/assent-install-test-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
readonly PREFIX=$work/prefix
failed=0

check() {
  local what=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    printf 'ok: %s (%d s)\n' "$what" "$SECONDS"
  else
    printf 'FAILED: %s\n' "$what"
    tail -n 30 "$work/log"
    failed=1
  fi
}

prints() {
  local wanted=$1
  shift
  [[ $("$@" 2>&1) == *"$wanted"* ]] || { "$@"; false; }
}

# build NAME [CMAKE_ARGUMENT...]: builds the project in $work/NAME against the prefix.
build() {
  local name=$1
  shift
  cmake -G Ninja -S "$work/$name" -B "$work/$name/build" -D CMAKE_PREFIX_PATH="$PREFIX" \
    -D CMAKE_CXX_COMPILER_LAUNCHER="$(type -P ccache)" -D CMAKE_CXX_FLAGS=-O0 "$@" &&
    cmake --build "$work/$name/build"
}

refuses() { ! build "$@"; }

check 'installs' cmake --install "$BUILD" --prefix "$PREFIX"
check 'assentd has the version of the project' \
  prints "assentd $VERSION" "$PREFIX/bin/assentd" --version
check 'assent has the version of the project' \
  prints "assent $VERSION" "$PREFIX/bin/assent" --version
check 'assentd reads a configuration' env PC_PASSWORD=a MOBILE_PASSWORD=b \
  "$PREFIX/bin/assentd" --check --config "$ROOT/examples/coupon_grant/assent.toml"

cp -r "$ROOT/tests/package/client" "$work/application"
(cd "$PREFIX/include/assent" && find . -name '*.h' | sort) |
  sed 's|^\./\(.*\)|#include "\1"|' >"$work/application/headers.cc"
printf 'target_sources(application PRIVATE headers.cc)\n' >>"$work/application/CMakeLists.txt"
check 'an application builds, and each header has what it includes' \
  build application -D "WANTED=$VERSION"
check 'the application runs' "$work/application/build/application"
check 'a later version is not found' refuses application -D WANTED=99.0

cp -r "$ROOT/examples/travel" "$work/travel"
check 'a copy of examples/travel builds' build travel
check 'its partners run' \
  env ASSENT_BIN_DIR="$work/travel/build" python3 "$work/travel/partners_test.py"

if grep -rlF -e "$ROOT" -e "$BUILD" "$PREFIX/lib/cmake" "$PREFIX/include"; then
  printf 'FAILED: these name the source or build folder\n'
  failed=1
fi
exit $failed
