// SPDX-License-Identifier: Apache-2.0
#include "participants/postgresql/dialect.h"

namespace assent::postgresql {

const sql::Dialect& PostgreSql() {
  static const PostgreSqlDialect dialect;
  return dialect;
}

}  // namespace assent::postgresql
