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
//   opened b1 [REASON] · run b1 · ran b1 [witnessed | REASON]          with a reason: refused
//   voted b1 prepared | read-only | unknown | hazard | REASON
//   acked b1 done | rolled-back | not-found | unknown | heuristic-commit | -roll-back | -mixed |
//     -hazard
//   durable 1 · up RESOURCE
//   timer deadline | idle | operator · timer retry b1
//   replayed commit | roll-back | none, then for each branch prepared | ended | heuristic-…
#pragma once

#include <set>
#include <string>

namespace assent::golden {

// Names of what happened in which state, such as "acked unknown COMMITTING": what a set of traces
// has reached.
using Reached = std::set<std::string>;

std::string Play(const std::string& text, Reached* reached);

}  // namespace assent::golden
