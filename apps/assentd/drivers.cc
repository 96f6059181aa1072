// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/drivers.h"

#include "participants/generic/driver.h"
#include "participants/mysql/driver.h"
#include "participants/odbc/driver.h"

namespace assent::daemon {

Result<std::vector<std::unique_ptr<sql::Driver>>> MakeDrivers(const Config& config) {
  std::vector<std::unique_ptr<sql::Driver>> drivers;
  for (size_t i = 0; i < config.resources.size(); ++i) {
    const sql::ResourceOptions& options = config.resources[i];
    if (options.driver == "mysql") {
      drivers.push_back(mysql::MakeMySqlDriver(options));
      continue;
    }
    auto made = options.dialect == "generic" ? generic::MakeGenericDriver(options)
                                             : odbc::MakeOdbcDriver(options);
    if (!made) {
      Error error = made.error();
      error.field = "resource[" + std::to_string(i) + "]." + error.field;
      return error;
    }
    drivers.push_back(std::move(*made));
  }
  return drivers;
}

}  // namespace assent::daemon
