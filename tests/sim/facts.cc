// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/facts.h"

#include <cstdlib>

#include "xa/xid.h"

namespace assent::sim {

const char* Name(Transition transition) {
  switch (transition) {
    case Transition::kPrepared: return "prepared";
    case Transition::kVotedReadOnly: return "voted read-only";
    case Transition::kCommitted: return "committed";
    case Transition::kRolledBack: return "rolled back";
    case Transition::kDropped: return "dropped";
    case Transition::kHeuristicCommit: return "committed by a person";
    case Transition::kHeuristicRollBack: return "rolled back by a person";
    case Transition::kUndone: return "undone by a backup";
    case Transition::kCommitting: return "commit hangs";
    case Transition::kLapsed: return "reservation expired";
    case Transition::kConflict: return "conflicting operation received";
    case Transition::kVanished: return "lost with its server";
    case Transition::kUnanswered: return "commit not answered";
    case Transition::kRowWritten: return "decision row written";
    case Transition::kRefused: return "commit refused";
    case Transition::kRowSeen: return "decision row found";
    case Transition::kForbidden: return "commit forbidden by a mark";
    case Transition::kMisplaced: return "mark inserted on another server";
    case Transition::kPurged: return "decision row purged";
    case Transition::kHandCommit: return "committed by an operator";
    case Transition::kHandRollBack: return "rolled back by an operator";
  }
  return "?";
}

uint32_t PartnerBit(std::string_view branch) {
  const std::string digits(branch.substr(1));
  const auto number = static_cast<uint32_t>(std::strtoul(digits.c_str(), nullptr, 10));
  return Part::kFirstPartner + (number - 1) % (64 - Part::kFirstPartner);
}

std::string Facts::Describe(const Part& part) const {
  const TransactionFacts* known = Find(part.gtrid);
  std::string text = "transaction " + std::to_string(known == nullptr ? 0 : known->tag) + ", ";
  if (part.IsPartner()) {
    text += part.gtrid.ToHex() + "/p" + std::to_string(part.bit - Part::kFirstPartner + 1);
  } else {
    text += xa::Xid{part.gtrid, part.bit}.ToPostgreSql();
  }
  return text + " at " + std::string(part.place);
}

}  // namespace assent::sim
