// SPDX-License-Identifier: Apache-2.0
#include "xa/xid.h"

#include "base/bytes.h"
#include "base/number.h"

namespace assent::xa {
namespace {
constexpr std::string_view kPrefix = "assent-";
}  // namespace

std::string Xid::bqual_text() const { return ToHex(branch, 8); }

std::string Xid::ToMySql() const {
  return "'" + gtrid_text() + "','" + bqual_text() + "'," + std::to_string(kFormatId);
}

std::string Xid::ToPostgreSql() const {
  return std::string(kPrefix) + gtrid_text() + "-" + bqual_text();
}

std::optional<Xid> Xid::FromParts(int64_t format_id, std::string_view gtrid,
                                  std::string_view bqual) {
  if (format_id != kFormatId || bqual.size() != 8) return std::nullopt;
  const auto id = core::Gtrid::FromHex(gtrid);
  const auto number = ParseHex(bqual);
  if (!id || !number) return std::nullopt;
  return Xid{*id, static_cast<uint32_t>(*number)};
}

std::optional<Xid> Xid::FromPostgreSql(std::string_view gid) {
  if (gid.size() != kPrefix.size() + 40 + 1 + 8 || gid.substr(0, kPrefix.size()) != kPrefix ||
      gid[kPrefix.size() + 40] != '-') {
    return std::nullopt;
  }
  return FromParts(kFormatId, gid.substr(kPrefix.size(), 40), gid.substr(kPrefix.size() + 41));
}

std::optional<Xid> Xid::FromRecoverRow(std::string_view format_id, std::string_view gtrid_bytes,
                                       std::string_view bqual_bytes, std::string_view data) {
  const auto format = ParseNumber<int64_t>(format_id);
  const auto gtrid = ParseNumber<int64_t>(gtrid_bytes);
  const auto bqual = ParseNumber<int64_t>(bqual_bytes);
  if (!format || gtrid != 40 || bqual != 8 || data.size() != 48) return std::nullopt;
  return FromParts(*format, data.substr(0, 40), data.substr(40));
}

}  // namespace assent::xa
