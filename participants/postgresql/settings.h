// SPDX-License-Identifier: Apache-2.0
// The settings of a PostgreSQL session that decide what is stored and what is read back.
//
// Contract: pure. The settings that we need are in the start-up packet: DISCARD ALL returns to
// them, and they override ALTER ROLE and ALTER DATABASE. They are verified: the values are read
// when a session connects, and compared in the first message of each branch, which is the first one
// after each reset.
// Time zone, search path and the like are the role's own; they only must not change.
#pragma once

#include <string>

#include "participants/sql/dialect.h"

namespace assent::postgresql {

// The libpq connection options that request them.
std::string ConnectionSettings(const sql::ResourceOptions& options);

// An SQL expression: the settings as one text.
extern const char* const kSettings;

}  // namespace assent::postgresql
