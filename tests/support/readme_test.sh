#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that the request in README.md is the first one of examples/coupon_grant.
#
#   readme_test.sh ROOT
set -uo pipefail
cd "$1" || exit 1
request=examples/coupon_grant/requests/1-redeem.json

# The text after -d ' up to the closing quote.
shown=$(perl -0777 -ne "print \$1 if m{transactions:execute[^\n]* -d '\n(.*?)'\n}s" README.md)
wanted=$(jq -S . "$request") || exit 1
found=$(jq -S . <<<"$shown") || { printf 'FAILED: the example of README.md is not JSON\n'; exit 1; }
if [[ -z $found ]]; then printf 'FAILED: README.md has no example\n'; exit 1; fi
if ! diff <(printf '%s\n' "$wanted") <(printf '%s\n' "$found"); then
  printf 'FAILED: the example of README.md is not %s\n' "$request"
  exit 1
fi
printf 'ok: README.md sends %s\n' "$request"
