// SPDX-License-Identifier: Apache-2.0
// The XID of a branch, and the two forms in which servers list it.
//
// The format id is constant, and gtrid and bqual are printable text of constant length: MySQL loses
// prepared branches in a crash when one binary log has XIDs with different format ids, and
// PostgreSQL's gid is text (docs/databases.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/gtrid.h"

namespace assent::xa {

inline constexpr int32_t kFormatId = 0x41534e54;  // "ASNT"

struct Xid {
  core::Gtrid gtrid;
  uint32_t branch = 0;  // the branch number, from 1

  std::string gtrid_text() const { return gtrid.ToHex(); }  // 40 hexadecimal digits
  std::string bqual_text() const;                           // 8 hexadecimal digits
  // 'gtrid','bqual',formatid: the operand of XA START on MariaDB and MySQL.
  std::string ToMySql() const;
  // assent-<gtrid>-<bqual>: the gid of PREPARE TRANSACTION.
  std::string ToPostgreSql() const;

  static std::optional<Xid> FromParts(int64_t format_id, std::string_view gtrid,
                                      std::string_view bqual);
  static std::optional<Xid> FromPostgreSql(std::string_view gid);
  // Parses a row of XA RECOVER of MariaDB and MySQL: three decimal numbers, and the data.
  static std::optional<Xid> FromRecoverRow(std::string_view format_id, std::string_view gtrid_bytes,
                                           std::string_view bqual_bytes, std::string_view data);

  auto operator<=>(const Xid&) const = default;
};

struct XidHash {
  size_t operator()(const Xid& xid) const { return core::GtridHash{}(xid.gtrid) * 31 + xid.branch; }
};

}  // namespace assent::xa
