#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs scripts/test in a tree whose build and tests are replaced by programs that only report a
# result, and checks its last line of output and its entry in build/full/results.
set -uo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/assent-results-test-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# The tree: the real scripts/test and scripts/test_results; all other programs succeed.
mkdir -p "$work"/{scripts,bin,tests/support/sanitizers,cmake,build/fuzz/bin} || exit 1
cp "$1/scripts/test" "$1/scripts/test_results" "$work/scripts/"
cd "$work" || exit 1
for program in scripts/setup scripts/tidy scripts/clang_tidy bin/cmake bin/clang-tidy \
    build/fuzz/bin/fuzz_one; do
  printf '#!/bin/sh\nexit 0\n' >"$program"
done
printf '#!/bin/sh\necho 0123456789ab\n' >bin/git
# Two test programs; the slower one has a case that fails when the file "break" exists.
cat >bin/ctest <<'END'
#!/usr/bin/env bash
while (($#)); do
  case $1 in
    --show-only=*)
      echo '{"tests": [{"name": "a.b", "command": ["/bin/a_b"]}, {"name": "c", "command": ["/c"]}]}'
      exit
      ;;
    --output-junit) junit=$2 ;;
  esac
  shift
done
xml=${GTEST_OUTPUT#xml:}
mkdir -p "$xml"
bad=''
if [[ -e break ]]; then bad='<failure message="no"/>'; fi
echo "<testcase name=\"Works\" status=\"run\" result=\"completed\" time=\"1.5\" classname=\"B\">\
</testcase><testcase name=\"Slow\" status=\"run\" result=\"completed\" time=\"61\" classname=\"B\">\
$bad</testcase>" >"$xml/a_b.xml"
status=run
if [[ -n $bad ]]; then status=fail; fi
echo "<testcase name=\"a.b\" time=\"63.25\" status=\"$status\"></testcase>
<testcase name=\"c\" time=\"0.5\" status=\"run\"></testcase>" >"$junit"
[[ -z $bad ]]
END
chmod +x scripts/* bin/* build/fuzz/bin/*
export PATH=$work/bin:$PATH
unset ASSENT_KILL_ROUNDS ASSENT_FUZZ_SECONDS ASSENT_SIM_SEEDS

# expect WHAT WANTED FOUND
expect() {
  if [[ $3 != *"$2"* ]]; then
    printf 'FAILED: %s\n  expected: %s\n  found: %s\n' "$1" "$2" "$3"
    failed=1
  else
    printf 'ok: %s\n' "$1"
  fi
}

printed=$(scripts/test)
expect 'the last line counts each case and tidy' '4 passed, 0 failed' "$(tail -n 1 <<<"$printed")"
expect 'the slowest programs are named' '63.2  dev a.b' "$printed"
expect 'the slowest cases are named, slowest first' \
  $'  61.0  dev a.b B.Slow\n      1.5  dev a.b B.Works' "$printed"
expect 'only a part is noted' 'no' "$([[ -e build/full/results ]] || echo no)"

printed=$(scripts/test --full=kill)
expect 'a part counts in the last line' '3 passed, 0 failed' "$(tail -n 1 <<<"$printed")"
expect 'a part is noted' '0123456789ab kill: 3 passed, 0 failed, 0 min ' \
  "$(tail -n 1 build/full/results)"
expect 'a whole part is not in brackets' 'no' "$(grep -q '(' build/full/results || echo no)"

# shellcheck disable=SC2065  # the program is scripts/test, not test
ASSENT_KILL_ROUNDS=1 scripts/test --full=kill -- -R log >/dev/null
expect 'a shorter run is noted as such' '(-- -R log ASSENT_KILL_ROUNDS=1)' \
  "$(tail -n 1 build/full/results)"

touch break
printed=$(scripts/test --full=asan)
expect 'a failure fails the run' '1' $?
expect 'a failure counts' '2 passed, 1 failed' "$(tail -n 1 <<<"$printed")"
expect 'a failed part is noted' 'asan: 2 passed, 1 failed' "$(tail -n 1 build/full/results)"
rm break

rm build/full/results
printed=$(ASSENT_FUZZ_SECONDS=0 scripts/test --full)
expect 'all parts run in turn' 'matrix kill asan tsan fuzz sim ' \
  "$(cut -d' ' -f2 build/full/results | tr ':\n' '  ' | tr -s ' ')"
expect 'the last line adds them up' '18 passed, 0 failed' "$(tail -n 1 <<<"$printed")"

printed=$(scripts/test --full=typo 2>&1)
expect 'a part that does not exist ends with the usage' '2' $?
expect 'the usage lists the parts' 'matrix' "$printed"
exit $failed
