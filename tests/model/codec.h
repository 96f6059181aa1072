// SPDX-License-Identifier: Apache-2.0
// A world as bytes, and back: one list of fields for both directions.
//
// Contract: Decode(Encode(world)) is the world again, but for what cannot matter: counts of retries
// and looks, causes, texts. Equal bytes are equal worlds. Field widths are checked as they are
// written.
#pragma once

#include <string>
#include <string_view>

#include "tests/model/world.h"

namespace assent::model {

std::string Encode(const ModelState& state, const Setup& setup);
ModelState Decode(std::string_view bytes, const Setup& setup);

// What stands for identities and start times in the core's strings.
std::string IdentityText(uint8_t number);  // of a server, from 0
std::string StartText(uint8_t number);
std::string PartnerText();  // where a partner is

// A yes that ends by itself: when, until when a decision may be taken, and a time between the two.
inline constexpr Monotonic kEnds{2'000'000'000}, kDecideBefore{1'000'000'000},
    kNearlyEnded{1'500'000'000};

// The transaction's own identity, and a coordinator's of which it is.
const core::Gtrid& TheGtrid();

}  // namespace assent::model
