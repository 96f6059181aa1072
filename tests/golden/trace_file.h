// SPDX-License-Identifier: Apache-2.0
// A golden trace: a text with the events of a sequence of atomic transactions, and every effect
// that the core returns.
//
// Contract: a line at the margin is a command, `#` starts a comment, an empty line separates.
// Indented lines are the response: the effects as core/trace.h formats them, then the state and the
// reportable outcome if they have changed. Play reads the commands and comments of a file and
// regenerates the whole text; the trace is correct if the text is the same. An unknown command
// fails a CHECK.
//
//   transaction named | unnamed one-call | interactive RESOURCE...
//     the resources of its branches, in order
//   given preparing | deciding | committing | rolling-back
//     the commands that lead to this state, run without output
//   begin · touched · commit · roll-back · enlist RESOURCE
//     "tcc:hotel" is a partner; with by-client, the client calls the partner itself
//   opened b1 [REASON] · run b1 · ran b1 [witnessed | REASON]
//     with a reason: refused
//   voted b1 prepared | read-only | unknown | hazard | REASON
//     for a partner also: gone (with a reason or unknown), expires (with prepared): in two seconds
//   acked b1 done | rolled-back | not-found | unknown | heuristic-commit | -roll-back | -mixed |
//     -hazard; for a partner also needs-operator, with unknown
//   durable 1 · up RESOURCE · later MILLISECONDS
//   timer deadline | idle | operator · timer retry b1
//   replayed commit | roll-back | none, then for each branch prepared | ended | heuristic-…
#pragma once

#include <set>
#include <string>

namespace assent::golden {

// The events that a set of traces reached, each with its state, such as "acked unknown COMMITTING".
// The vote of a partner is "tried" or "client voted".
using Reached = std::set<std::string>;

std::string Play(const std::string& text, Reached* reached);

}  // namespace assent::golden
