// SPDX-License-Identifier: Apache-2.0
// Encodes a state as bytes and decodes it, with one list of fields for both directions.
//
// Contract: Decode(Encode(state)) equals the state, except for what cannot matter: counts of
// retries and lookups, causes, texts. Equal bytes mean equal states. Field widths are checked when
// they are written.
#pragma once

#include <string>
#include <string_view>

#include "tests/model/state.h"

namespace assent::model {

std::string Encode(const ModelState& state, const Setup& setup);
ModelState Decode(std::string_view bytes, const Setup& setup);

// The strings that the core sees for identities, start times and partners.
std::string IdentityText(uint8_t number);  // of a server, from 0
std::string StartText(uint8_t number);
std::string PartnerText();  // the URL of a partner

// The expiry of a reservation, the latest time of a commit decision, and a time between the two.
inline constexpr Monotonic kEnds{2'000'000'000}, kDecideBefore{1'000'000'000},
    kNearlyExpired{1'500'000'000};

// The gtrid of the one transaction. It contains the coordinator id.
const core::Gtrid& TheGtrid();

}  // namespace assent::model
