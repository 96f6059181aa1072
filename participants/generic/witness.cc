// SPDX-License-Identifier: Apache-2.0
#include "participants/generic/witness.h"

#include "base/bytes.h"
#include "base/random.h"

namespace assent::generic {

std::string WitnessKey(const xa::Xid& xid) { return xid.gtrid_text() + "-" + xid.bqual_text(); }

std::optional<xa::Xid> XidOfKey(const std::string& key) {
  return xa::Xid::FromPostgreSql("assent-" + key);
}

std::string InsertRow(const std::string& key, char mark) {
  return "INSERT INTO assent_witness (xid, mark, created_at) VALUES ('" + key + "', '" + mark +
         "', CURRENT_TIMESTAMP)";
}

std::string DeleteRows(const std::vector<xa::Xid>& xids) {
  std::string text = "DELETE FROM assent_witness WHERE xid IN (";
  for (size_t i = 0; i < xids.size(); ++i) {
    text += (i == 0 ? "'" : ", '") + WitnessKey(xids[i]) + "'";
  }
  return text + ")";
}

std::string CreateTable() {
  return "CREATE TABLE assent_witness (xid VARCHAR(64) NOT NULL PRIMARY KEY, "
         "mark CHAR(1) NOT NULL, created_at TIMESTAMP NOT NULL)";
}

std::string InsertIdentity() {
  return InsertRow(kIdentityMark + ToHex(SystemRandom().Bytes(14)), 'I');
}

}  // namespace assent::generic
