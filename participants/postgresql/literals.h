// SPDX-License-Identifier: Apache-2.0
// SQL literals for texts.
#pragma once

#include <string>
#include <string_view>

#include "xa/xid.h"

namespace assent::postgresql {

inline std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out.push_back(c);
    out.push_back(c);
  }
  return out + "'";
}

// The key of a branch's row in the witness table.
inline std::string QuotedWitnessKey(const xa::Xid& xid) {
  return Quoted(xid.gtrid_text() + "-" + xid.bqual_text());
}

}  // namespace assent::postgresql
