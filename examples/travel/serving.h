// SPDX-License-Identifier: Apache-2.0
// What the flight's and the hotel's programs share: reading an order, and serving until told to
// end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/partner/server.h"

namespace assent::travel {

// A text of the order that the agency sends, a JSON object; nullopt: it is not there.
std::optional<std::string> FieldOf(const partner::Call& call, const std::string& name);

// The environment's variable, or nothing.
std::string Environment(const char* name);

// Makes the barrier's table and serves on a loopback port until SIGTERM. The secret that this
// partner shares with the agency is in TRAVEL_SECRET; without it nothing is served. Gives the
// program's exit status.
int Serve(const std::string& port, const partner::Opener& opener, partner::Partner partner);

}  // namespace assent::travel
