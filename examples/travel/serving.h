// SPDX-License-Identifier: Apache-2.0
// Shared by the flight and the hotel: reads orders, and serves until a signal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/partner/server.h"

namespace assent::travel {

// Returns a string field of the order, a JSON object; nullopt if it is missing.
std::optional<std::string> FieldOf(const partner::Call& call, const std::string& name);

// Returns the environment variable; empty if it is not set.
std::string Environment(const char* name);

// Creates the barrier table and serves on a loopback port until SIGTERM or SIGINT. TRAVEL_SECRET is
// the secret that this partner shares with the agency; without it the program does not start.
// Returns the exit code of the program.
int Serve(const std::string& port, const partner::Opener& opener, partner::Partner partner);

}  // namespace assent::travel
