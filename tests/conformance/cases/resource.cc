// SPDX-License-Identifier: Apache-2.0
// The resource as an operator sees it, and its end.
#include "tests/conformance/case.h"

namespace assent::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

void Status(Rig& rig) {
  const xa::ServerStamp stamp = rig.db().Scan().stamp;
  const xa::ResourceStatus status = rig.db().rm().Status();
  EXPECT_EQ(status.name, "bank");
  EXPECT_EQ(rig.db().rm().name(), "bank");
  EXPECT_NE(status.driver, "");
  EXPECT_NE(status.dialect, "");
  EXPECT_NE(status.server_version, "");
  EXPECT_EQ(status.detail, "");
  EXPECT_EQ(status.health, xa::Health::kUp);
  EXPECT_EQ(status.stamp.identity, stamp.identity);
  EXPECT_EQ(status.stamp.started_at, stamp.started_at);
  EXPECT_NE(status.stamp.started_at, "");
  EXPECT_EQ(status.pool, 4u);
  EXPECT_EQ(status.in_use, 0u);
  EXPECT_EQ(status.waiting, 0u);
  EXPECT_TRUE(status.witness);
  EXPECT_EQ(status.why_no_last_resource, "");
  EXPECT_THAT(status.warnings, IsEmpty());
  EXPECT_THAT(rig.db().sink().Changes(), ::testing::ElementsAre(xa::Health::kUp));
}

void StatusWithoutTable(Rig& rig) {
  rig.DropWitness();
  const xa::ResourceStatus status = rig.db().rm().Status();
  EXPECT_FALSE(status.witness);
  EXPECT_THAT(status.why_no_last_resource, HasSubstr("assent resource install bank"));
}

// The findings that are not ok, each on a line.
std::string Wrong(const std::vector<xa::Finding>& findings) {
  std::string text;
  for (const xa::Finding& finding : findings) {
    if (!finding.ok) text += finding.subject + ": " + finding.detail + "\n";
  }
  return text;
}

void Examine(Rig& rig) {
  const xa::Xid trial = sql::NewXid();
  const auto findings = rig.db().Examine(trial);
  EXPECT_EQ(Wrong(findings), "");
  EXPECT_GT(findings.size(), 4u);
  EXPECT_FALSE(rig.db().Lists(trial));
  EXPECT_EQ(rig.Mark(trial), "");
}

void ExamineWithoutTable(Rig& rig) {
  rig.DropWitness();
  EXPECT_THAT(Wrong(rig.db().Examine(sql::NewXid())), HasSubstr("assent resource install bank"));
}

void ExamineWithoutPrivilege(Rig& rig) {
  (void)rig.db();  // the table is there
  const auto poor = rig.Another({.unprivileged = true});
  EXPECT_THAT(Wrong(poor->Examine(sql::NewXid())), HasSubstr("GRANT "));
}

void HowToInspect(Rig& rig) {
  const xa::Xid xid = sql::NewXid();
  xa::ResourceManager& rm = rig.db().rm();
  EXPECT_THAT(rm.ListedAs(xid), HasSubstr(xid.gtrid_text()));
  const std::string plain = rm.HowToInspect(xid, false), witnessed = rm.HowToInspect(xid, true);
  EXPECT_THAT(plain, HasSubstr(rm.ListedAs(xid)));
  EXPECT_THAT(plain, ::testing::Not(HasSubstr("assent_witness")));
  EXPECT_THAT(witnessed, HasSubstr("assent_witness"));
  EXPECT_EQ(plain.back(), '.');
}

// The client checks that each of these calls is answered once.
void Stop(Rig& rig) {
  Client& db = rig.Reopen({.pool = 1});
  const std::string slow = rig.vendor().slow_query();
  const xa::Xid runs = rig.Wrote(1, 70), waits = sql::NewXid();
  const auto running = db.Fly({db.RunOf(runs, slow), db.Of(Operation::kPrepare, runs)});
  const auto waiting = db.Fly({db.Of(Operation::kOpen, waits), db.RunOf(waits, "SELECT 1")});
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running(slow) == 1; }));
  db.Close();
  const xa::Completion ran = db.Wait(running[0]), opened = db.Wait(waiting[0]);
  EXPECT_TRUE(xa::IsRollBack(ran.code)) << TextOf(ran);
  EXPECT_TRUE(db.Wait(running[1]).not_sent);
  EXPECT_TRUE(xa::IsRollBack(opened.code)) << TextOf(opened);
  EXPECT_EQ(opened.failure.reason, Reason::kShutdown);
  EXPECT_TRUE(db.Wait(waiting[1]).not_sent);
  rig.Close();
  EXPECT_TRUE(rig.Eventually([&] { return rig.vendor().Running(slow) == 0; }));
  EXPECT_EQ(rig.Amount(1), "100");
}

const Case kCases[] = {
    {"status", "Status names the server and the pool, and has nothing to warn of.", Status},
    {"status-without-table", "Status says why the resource cannot be a last resource.",
     StatusWithoutTable},
    {"examine", "Every finding of a complete server is ok, and nothing is left.", Examine},
    {"examine-without-table", "Examine names the command that installs the witness table.",
     ExamineWithoutTable},
    {"examine-without-privilege",
     "Examine names the privilege that is missing.",
     ExamineWithoutPrivilege,
     {Feature::kPrivileges}},
    {"how-to-inspect", "HowToInspect shows the branch as the server does.", HowToInspect},
    {"stop",
     "Stop ends what runs and what waits, and answers every call.",
     Stop,
     {Feature::kSlowQuery}},
};

}  // namespace

std::span<const Case> ResourceCases() { return kCases; }

}  // namespace assent::conformance
