// SPDX-License-Identifier: Apache-2.0
// A golden trace: what happens to one atomic transaction after the other, as text, and every effect
// that the core answers with.
//
// Contract: a line at the margin is a command, `#` a comment, an empty line separates; what is
// indented is the answer: the effects as core/trace.h writes them, then, where they have changed,
// the state and what may be told. Play takes the commands and comments of a file and writes all of
// it anew: a file is right if that gives the same text. An unknown command is a CHECK.
//
//   transaction named one-call a b      unnamed, interactive; the resources of its branches in
//   order given committing                    what leads there, played silently: preparing,
//   deciding,
//                                       rolling-back too
//   begin · touched · commit · roll-back · enlist RESOURCE
//     "tcc:hotel" is a partner; enlisted by-client, one that the client calls by itself
//   opened b1 [REASON] · run b1 · ran b1 [witnessed | REASON]          with a reason: refused
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

// Names of what happened in which state, such as "acked unknown COMMITTING": what a set of traces
// has reached. A partner's vote is "tried" there, or "client voted".
using Reached = std::set<std::string>;

std::string Play(const std::string& text, Reached* reached);

}  // namespace assent::golden
