#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks that every test named in docs/paper.md exists, and that each of its rules names one.
#
#   paper_test.sh ROOT [PAGE]
set -uo pipefail
cd "$1" || exit 1
page=${2:-docs/paper.md}
known=$(mktemp "${TMPDIR:-/tmp}/assent-paper-test-XXXXXX") || exit 1
trap 'rm -f "$known"' EXIT

# shellcheck disable=SC2016  # Perl expands these
# Suite.Name of each TEST, TEST_F and TEST_P, also if the line is broken after the comma.
find . -path ./build -prune -o -name '*_test.cc' -print0 | xargs -0 perl -0777 -ne \
  'print "$1.$2\n" while /^TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)/mg' | sort -u >"$known"

perl -e '
  my ($known, $page) = @ARGV;
  open(my $list, "<", $known) or die $!;
  my %is_there = map { chomp; $_ => 1 } <$list>;
  open(my $text, "<", $page) or die $!;
  my ($rules, $named, $failed) = (0, 0, 0);
  while (my $line = <$text>) {
    next if $line !~ /^\|/ || $line =~ /^\|(?:---|\s*section\s*\|)/;
    my @cells = split /\|/, $line;
    $rules++;
    my @tests = $cells[4] =~ /`([^`]+)`/g;
    print("FAILED: $page:$.: a rule without a test\n"), $failed++ if !@tests;
    for my $test (@tests) {
      $named++;
      next if $is_there{$test};
      print "FAILED: $page:$.: there is no test $test\n";
      $failed++;
    }
  }
  printf "%d rules, %d tests named, %d tests known\n", $rules, $named, scalar keys %is_there;
  exit($failed > 0 || $rules < 20);
' "$known" "$page"
