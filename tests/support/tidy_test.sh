#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes one mistake after the other in a small tree and checks that scripts/tidy_sources or
# scripts/tidy_markdown reports it.
set -uo pipefail
tidy=$1/scripts/tidy_sources
markdown=$1/scripts/tidy_markdown
work=$(mktemp -d "${TMPDIR:-/tmp}/assent-tidy-test-XXXXXX") || exit 1
list=$(mktemp "${TMPDIR:-/tmp}/assent-tidy-list-XXXXXX") || exit 1
trap 'rm -rf "$work" "$list"' EXIT
cd "$work" || exit 1
failed=0

# The findings of the whole tree; license lines have their own case.
licenses=no
findings() {
  find . -type f | sed 's|^\./||' | sort >"$list"
  "$markdown" <"$list"
  "$tidy" <"$list" | grep -v '^HEADER ' |
    if [[ $licenses == yes ]]; then cat; else grep -v 'no license line'; fi
}

fresh() {
  rm -rf ./*
  mkdir -p base core xa tcc log server coordinator participants/{mysql,odbc} tests
  printf '// A name.\n#pragma once\n' | tee base/a.h core/a.h tcc/a.h >log/a.h
}

expect() {
  local what=$1 wanted=$2 found
  found=$(findings)
  if [[ -z $wanted && -n $found || $found != *"$wanted"* ]]; then
    printf 'FAILED: %s\n  expected: %s\n  found: %s\n' "$what" "${wanted:-nothing}" "$found"
    failed=1
  else
    printf 'ok: %s\n' "$what"
  fi
  fresh
}

many() {
  local i
  for ((i = 0; i < $1; ++i)); do printf '%s\n' "$2"; done
}

fresh
expect 'a clean tree' ''

for path in base/long.h server/long.cc api/long.proto tests/long_test.cc; do
  mkdir -p api
  { printf '// A name.\n#pragma once\n'; many 399 '// x'; } >"$path"
  expect "a file of 401 lines: $path" "$path:401: 401 lines, more than 400"
done
{ printf '// A name.\n#pragma once\n'; many 398 '// x'; } >base/long.h
expect 'a file of 400 lines' ''
printf '// %s\n' "$(printf 'x%.0s' {1..98})" >base/wide.cc
expect 'a line of 101 columns' 'base/wide.cc:1: 101 columns'
printf '// %s\n' "$(printf 'ä%.0s' {1..97})" >base/wide.cc
expect 'columns are characters, not bytes' ''
printf '/* %s */\n' "$(printf 'x%.0s' {1..95})" >server/wide.js
expect 'a line of 101 columns in a script of the page' 'server/wide.js:1: 101 columns'

# A file of HEAD, the given number of lines, and TAIL.
body() {
  printf '%b' "$1"
  many "$2" "$4"
  printf '%b' "$3"
}

call='  Call();'
body 'namespace a {\nint Short() { return 1; }\nvoid Long(\n    int x) {\n' 69 '}\n}\n' "$call" \
  >base/f.cc
expect 'a function of 72 lines' 'base/f.cc:3: Long has 72 lines, more than 70'
body 'class A : public B {\n public:\n  A(int x) : x_{x}, y_(1) {\n' 70 '  }\n};\n' "$call" \
  >base/f.cc
expect 'a constructor with initialisers' 'base/f.cc:3: A has 72 lines'
body 'template <typename T>\nauto A<T>::Run() const -> Result<T> {\n' 70 '}\n' "$call" \
  >base/f.cc
expect 'a trailing return type' 'base/f.cc:1: A<T>::Run has 73 lines'
body 'TEST(Unit, IsLong) {\n' 70 '}\n' '  if (x) { Call("}{", '"'}'"'); }  // }' >tests/f.cc
expect 'a long test with braces in literals' 'tests/f.cc:1: TEST(Unit, IsLong) has 72 lines'
body 'class A {\n' 80 '};\n' '  int Get() const { return R"(})"[0]; }' >base/f.cc
expect 'a long class of short functions' ''
body 'constexpr int kTable[] = {\n' 80 "};\nint F() { return 1000'000; }\n" '    {1, 2},' \
  >base/f.cc
expect 'a long table' ''

printf '#pragma once\n' >base/b.h
expect 'a header without its sentence' 'base/b.h:1: the first line of a header'
printf '// A name.\n' >base/b.h
expect 'a header without #pragma once' 'base/b.h:1: no #pragma once'

printf '#include "log/a.h"\n' >core/b.cc
expect 'core includes log' 'core/b.cc:1: core/ may not include log/'
printf '#include "tcc/a.h"\n' >xa/b.cc
expect 'xa includes tcc' 'xa/b.cc:1: xa/ may not include tcc/'
printf '#include "core/a.h"\n' >base/b.cc
expect 'base includes upwards' 'base/b.cc:1: base/ may not include core/'
printf '#include "core/a.h"\n#include "base/a.h"\n' >xa/b.cc
expect 'xa includes core and base' ''
printf '// A name.\n#pragma once\n' >participants/mysql/a.h
printf '#include "participants/mysql/a.h"\n' >coordinator/b.cc
expect 'the coordinator includes an adapter' 'coordinator/ may not include participants/'
printf '#include "nowhere/a.h"\n' >base/b.cc
expect 'an include of nothing' 'base/b.cc:1: there is no "nowhere/a.h"'
printf '// A name.\n#pragma once\n' >tests/a.h
printf '#include "tests/a.h"\n' >base/b.cc
expect 'code includes a test' 'base/b.cc:1: only tests include "tests/a.h"'
printf '// A name.\n#pragma once\n' | tee base/testing.h >base/a_fixture.h
printf '#include "base/testing.h"\n#include "base/a_fixture.h"\n' >base/b_test.cc
expect 'a test includes helpers of tests' ''
printf '// A name.\n#pragma once\n' | tee base/testing.h >base/a_fixture.h
printf '#include "base/testing.h"\n#include "base/a_fixture.h"\n' >base/b.cc
expect 'code includes a helper of tests' 'base/b.cc:1: only tests include "base/testing.h"'

printf '#include <thread>\n' >core/b.cc
expect 'core includes a thread' 'core/b.cc:1: core/ is pure'
printf '#include <boost/asio.hpp>\n' >log/b.cc
expect 'log includes Boost' 'log/b.cc:1: Boost belongs to server'
printf '// A name.\n#pragma once\n#include <sqlext.h>\n' >participants/odbc/b.h
expect 'ODBC in a header' 'participants/odbc/b.h:3: ODBC headers may be included by .cc files only'
printf '#include <sqlext.h>\n' >participants/odbc/b.cc
expect 'ODBC where it belongs' ''
printf '#include <mysql_driver.h>\n' >participants/odbc/b.cc
expect 'Connector/C++ in the wrong folder' 'Connector/C++ belongs to participants/mysql'
printf '#include <vendor/new.h>\n' >server/b.cc
expect 'a vendor without an owner' 'server/b.cc:1: <vendor/new.h> is a vendor'

printf '// A name.\n#pragma once\n#include "base/c.h"\n' >base/b.h
printf '// A name.\n#pragma once\n#include "base/b.h"\n' >base/c.h
expect 'a cycle of files' 'include cycle of files: base/b.h -> base/c.h -> base/b.h'
printf '#include "participants/mysql/a.h"\n' >participants/odbc/b.cc
printf '// A name.\n#pragma once\n' | tee participants/mysql/a.h >participants/odbc/a.h
printf '#include "participants/odbc/a.h"\n' >participants/mysql/b.cc
expect 'a cycle of folders' 'include cycle of folders: participants/mysql -> participants/odbc'

printf 'path = "/%s/main"\n' work >base/words.txt
expect "a machine's path" "base/words.txt:1: a machine's path"

words=$(printf 'word%.0s ' {1..30})
words=${words% }
printf 'Short.\n\n%s\n' "$words" >a.md
expect 'a long line of Markdown' 'a.md:3: 149 columns, more than 100'
printf -- '- one\n- %s\n' "$words" >a.md
expect 'a long list item' 'a.md:2: 151 columns, more than 100'
# shellcheck disable=SC2016  # code fences, not commands
printf '# %s\n\n| %s |\n|---|\n\n```sh\n%s\n```\n\n    %s\n\n[a]: %s\n' \
  "$words" "$words" "$words" "$words" "http://localhost/$(printf 'x%.0s' {1..99})" >a.md
expect 'headings, tables, code and links may be longer' ''

# wraps BEFORE AFTER
wraps() {
  printf '%b' "$1" >a.md
  printf '%b' "$2" >"$list"
  "$markdown" --fix <<<a.md
  if diff a.md "$list"; then printf 'ok: wraps %s\n' "${1:0:12}"; else failed=1; fi
  fresh
}

x60=$(printf 'x%.0s' {1..60})
wraps "One\n  line.\n\n- $x60\n  and $x60\n" "One line.\n\n- $x60 and\n  $x60\n"
wraps "$x60 is less than $x60 - 1\n" "$x60 is less than\n$x60 - 1\n"
wraps "$x60 then yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy - 1\n" \
  "$x60 then\nyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy - 1\n"
wraps "a \`b c\` [d e](f) $x60 \`gggggggggg hhhhhhhhhhhhh\`\n" \
  "a \`b c\` [d e](f) $x60\n\`gggggggggg hhhhhhhhhhhhh\`\n"
wraps "Before:\n\n    code  x\n        y\n\n1. one\n\n   two\n10. ten\n" \
  "Before:\n\n    code  x\n        y\n\n1. one\n\n   two\n10. ten\n"

licenses=yes
printf '// A name.\n' >base/b.cc
expect 'a file without its license line' 'base/b.cc:1: no license line'
rm -rf ./*
printf '// SPDX-License-Identifier: Apache-2.0\n// A name.\n#pragma once\n' >a.h
printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n' >a.sh
expect 'license lines' ''

exit $failed
