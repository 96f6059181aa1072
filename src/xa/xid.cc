#include "xa/xid.h"

#include "base/bytes.h"

namespace assent::xa {
namespace {
constexpr std::string_view kPrefix = "assent-";
}

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

}  // namespace assent::xa
