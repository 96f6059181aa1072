// SPDX-License-Identifier: Apache-2.0
// The settings of a PostgreSQL session that decide what is stored and what is read back.
//
// Contract: pure. What we ask for travels in the start-up packet, to which DISCARD ALL goes back
// and which counts for more than ALTER ROLE and ALTER DATABASE. Nothing is taken on trust: the
// values are read when a session is connected, and compared in the first message of each branch,
// which is the first one after each reset.
// Time zone, search path and the like are the role's own; they must only stay what they were.
#pragma once

#include <string>

#include "participants/sql/dialect.h"

namespace assent::postgresql {

// libpq's connection options that ask for them.
std::string ConnectionSettings(const sql::ResourceOptions& options);

// An SQL expression: the settings as one text.
extern const char* const kSettings;

}  // namespace assent::postgresql
