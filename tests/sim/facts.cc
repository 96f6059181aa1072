// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/facts.h"

#include <cstdlib>

#include "xa/xid.h"

namespace assent::sim {

const char* Name(Fate fate) {
  switch (fate) {
    case Fate::kPrepared: return "prepared";
    case Fate::kVotedReadOnly: return "voted read-only";
    case Fate::kCommitted: return "committed";
    case Fate::kRolledBack: return "rolled back";
    case Fate::kDropped: return "dropped";
    case Fate::kHeuristicCommit: return "committed by a person";
    case Fate::kHeuristicRollBack: return "rolled back by a person";
    case Fate::kUndone: return "undone by a backup";
    case Fate::kCommitting: return "about to be committed, late";
    case Fate::kLapsed: return "ended by itself";
    case Fate::kConflict: return "asked for a contradiction";
    case Fate::kVanished: return "lost with its server";
    case Fate::kUnanswered: return "its commit was not answered";
  }
  return "?";
}

uint32_t PartnerBit(std::string_view branch) {
  const std::string digits(branch.substr(1));
  const auto number = static_cast<uint32_t>(std::strtoul(digits.c_str(), nullptr, 10));
  return Part::kFirstPartner + (number - 1) % (64 - Part::kFirstPartner);
}

std::string Facts::Describe(const Part& part) const {
  const Known* known = Find(part.gtrid);
  std::string text = "transaction " + std::to_string(known == nullptr ? 0 : known->tag) + ", ";
  if (part.IsPartner()) {
    text += part.gtrid.ToHex() + "/p" + std::to_string(part.bit - Part::kFirstPartner + 1);
  } else {
    text += xa::Xid{part.gtrid, part.bit}.ToPostgreSql();
  }
  return text + " at " + std::string(part.place);
}

}  // namespace assent::sim
