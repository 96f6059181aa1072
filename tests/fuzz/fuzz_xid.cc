// SPDX-License-Identifier: Apache-2.0
// Fuzzes the parsers of listed XIDs: any text is foreign, or ours and then written again byte for
// byte the same.
//
// The first byte selects the format: PostgreSQL's gid; a row of XA RECOVER of MariaDB and MySQL as
// four lines (format id, gtrid_length, bqual_length, data); or a gtrid alone, as in the header
// Assent-Transaction. With the fourth format, the bytes of an XID, the XID must be found in both
// lists.
#include "base/check.h"
#include "tests/fuzz/target.h"
#include "xa/xid.h"

namespace assent::fuzz {
namespace {

std::string TakeLine(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void CheckBothShapes(const xa::Xid& xid) {
  CHECK(xa::Xid::FromPostgreSql(xid.ToPostgreSql()) == xid);
  const std::string data = xid.gtrid_text() + xid.bqual_text();
  CHECK(xa::Xid::FromRecoverRow("1095978580", "40", "8", data) == xid);
  CHECK(xid.ToMySql() == "'" + data.substr(0, 40) + "','" + data.substr(40) + "',1095978580");
}

void FromPostgreSql(std::string_view text) {
  const auto xid = xa::Xid::FromPostgreSql(text);
  if (!xid) return;
  CHECK(xid->ToPostgreSql() == text) << text;
  CheckBothShapes(*xid);
}

void FromRecoverRow(std::string_view text) {
  const std::string format = TakeLine(text);
  const std::string gtrid_bytes = TakeLine(text);
  const std::string bqual_bytes = TakeLine(text);
  const auto xid = xa::Xid::FromRecoverRow(format, gtrid_bytes, bqual_bytes, text);
  if (!xid) return;
  CHECK(std::stoll(format) == xa::kFormatId) << format;
  CHECK(std::stoll(gtrid_bytes) == 40 && std::stoll(bqual_bytes) == 8);
  CHECK(xid->gtrid_text() + xid->bqual_text() == text) << text;
  CheckBothShapes(*xid);
}

void FromGtrid(std::string_view text) {
  const auto gtrid = core::Gtrid::FromHex(text);
  if (!gtrid) return;
  CHECK(gtrid->ToHex() == text) << text;
  CHECK(core::Gtrid::FromBytes(gtrid->bytes()) == gtrid);
  CHECK(core::Gtrid::Make(gtrid->coordinator_id(), gtrid->incarnation(), gtrid->start_nonce(),
                          gtrid->sequence()) == gtrid);
}

// The input is the twenty bytes of a gtrid and the four bytes of a branch number.
void FromBytes(std::string_view text) {
  if (text.size() < 24) return;
  xa::Xid xid{*core::Gtrid::FromBytes(text.substr(0, 20)), 0};
  for (size_t i = 20; i < 24; ++i) {
    xid.branch = xid.branch << 8 | static_cast<unsigned char>(text[i]);
  }
  CheckBothShapes(xid);
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::string gtrid = "a1b2c3d4e5f60708000000030a0b0c0000000007";
  return {
      "0assent-" + gtrid + "-00000002",
      "0assent-" + gtrid + "-0000000A",
      "0" + gtrid,
      "11095978580\n40\n8\n" + gtrid + "00000002",
      "11095978580\n40\n7\n" + gtrid + "0000002",
      "11095978580\n39\n9\n" + gtrid + "00000002",
      "1-1\n3\n3\nabcdef",
      "1\n\n\n",
      "2" + gtrid,
      "3" + gtrid,
      "3" + std::string(24, '\xff'),
  };
}

}  // namespace assent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent::fuzz;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: FromPostgreSql(text); break;
    case 1: FromRecoverRow(text); break;
    case 2: FromGtrid(text); break;
    default: FromBytes(text);
  }
  return 0;
}
