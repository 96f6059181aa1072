// SPDX-License-Identifier: Apache-2.0
// The driver for MariaDB and MySQL: branches as XA transactions over libmariadb; control and phase
// two over MySQL Connector/C++.
//
// Written for MariaDB 10.11 and MySQL 9; tested on MariaDB. Client SQL uses the text protocol, with
// its parameters as literals (literals.h says why). docs/databases.md describes how the servers
// behave.
#pragma once

#include <memory>

#include "participants/sql/resource_options.h"
#include "participants/sql/session.h"

namespace assent::mysql {

// `options.url` is tcp://host:port/database.
std::unique_ptr<sql::Driver> MakeMySqlDriver(sql::ResourceOptions options);

}  // namespace assent::mysql
