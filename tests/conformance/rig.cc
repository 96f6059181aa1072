// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/case.h"

namespace assent::conformance {

Rig::Rig(const Participant& participant) : participant_(participant) { vendor().Reset(); }

Rig::~Rig() {
  if (db_ == nullptr) return;
  const xa::ScanResult left = db_->Scan();
  if (left.complete) {
    EXPECT_TRUE(left.listed.empty()) << "the case has left a prepared branch";
  }
}

Client& Rig::db() { return db_ != nullptr ? *db_ : Reopen({}); }

Client& Rig::Reopen(const Setup& setup) {
  const bool first = db_ == nullptr;
  db_.reset();
  db_ = Another(setup);
  if (first && !db_->rm().Status().witness) {
    const auto installed = db_->Install();
    EXPECT_TRUE(installed) << installed.error().message;
  }
  return *db_;
}

std::unique_ptr<Client> Rig::Another(const Setup& setup) {
  return std::make_unique<Client>(vendor().Open(setup), participant_.role);
}

void Rig::DropWitness() {
  vendor().Query("DROP TABLE IF EXISTS assent_witness");
  db_ = Another();
}

std::string Rig::One(const std::string& sql) {
  const test::Rows rows = vendor().Query(sql);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0];
}

std::string Rig::Amount(int id) {
  return One("SELECT amount FROM account WHERE id = " + std::to_string(id));
}

// A key begins with the gtrid's text.
std::string Rig::Mark(const xa::Xid& xid) {
  return One("SELECT mark FROM assent_witness WHERE xid LIKE '" + xid.gtrid_text() + "%'");
}

// The log of the server may have grown since.
void Rig::ExpectServer(const xa::ServerStamp& stamp) {
  const xa::ServerStamp now = db().Scan().stamp;
  EXPECT_NE(stamp.identity, "");
  EXPECT_EQ(stamp.identity, now.identity);
  EXPECT_EQ(stamp.started_at, now.started_at);
  EXPECT_LE(stamp.position, now.position);
}

xa::Xid Rig::Wrote(int id, int64_t amount, xa::BranchOptions options) {
  const xa::Xid xid = db().Opened(options);
  const xa::Completion ran =
      db().Run(xid, "UPDATE account SET amount = ? WHERE id = ?", {amount, int64_t{id}}, 1);
  EXPECT_EQ(ran.code, Code::kOk) << TextOf(ran);
  return xid;
}

xa::Xid Rig::Voted(int id, int64_t amount) {
  const xa::Xid xid = Wrote(id, amount);
  const xa::Completion voted = db().Vote(xid);
  EXPECT_EQ(voted.code, Code::kOk) << TextOf(voted);
  return xid;
}

std::vector<const Case*> AllCases() {
  std::vector<const Case*> all;
  for (const auto& cases :
       {BranchCases(), StatementCases(), ContentionCases(), CancelCases(), FlightCases(),
        LostCases(), LookupCases(), WitnessCases(), LastResourceCases(), ResourceCases()}) {
    for (const Case& each : cases) all.push_back(&each);
  }
  return all;
}

}  // namespace assent::conformance
