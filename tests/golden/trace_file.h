// SPDX-License-Identifier: Apache-2.0
// A golden trace: the events of one atomic transaction after the other, as text, and every effect
// that the core returns.
//
// Contract: a line that is not indented is a command, `#` begins a comment, and an empty line
// separates. Indented lines are the answer: the effects as core/trace.h writes them, then, if they
// have changed, the state and the outcome that may be reported. Play takes the commands and
// comments of a file and writes the whole text anew: a file is correct if the text is the same. An
// unknown command fails a CHECK.
//
//   transaction named one-call a b
//     or unnamed, or interactive; then the resources of the branches, in order
//   given committing
//     or preparing, deciding, rolling-back: plays silently what leads to that state
//   begin · touched · commit · roll-back · enlist RESOURCE
//     "tcc:hotel" is a partner; "by-client" after it: the client calls it itself
//   opened b1 [REASON] · run b1 · ran b1 [witnessed | REASON]          with a REASON: refused
//   voted b1 prepared | read-only | unknown | hazard | REASON
//     of a partner also: gone (with a reason or unknown), expires (with prepared), in two seconds
//   acked b1 done | rolled-back | not-found | unknown | heuristic-commit | -roll-back | -mixed |
//     -hazard; of a partner also needs-operator, with unknown
//   durable 1 · up RESOURCE · later MILLISECONDS
//   timer deadline | idle | operator · timer retry b1
//   replayed commit | roll-back | none, then for each branch prepared | ended | heuristic-…
#pragma once

#include <set>
#include <string>

namespace assent::golden {

// The names of events with their states, such as "acked unknown COMMITTING", that a set of traces
// has covered. A partner's vote is called "tried", or "client voted".
using Reached = std::set<std::string>;

std::string Play(const std::string& text, Reached* reached);

}  // namespace assent::golden
