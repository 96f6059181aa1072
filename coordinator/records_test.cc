// SPDX-License-Identifier: Apache-2.0
// Round trips of the record codec: reading a record and encoding it again gives the same bytes.
#include "coordinator/records.h"

#include <gtest/gtest.h>

#include "coordinator/options.h"

namespace assent::coordinator {
namespace {

const core::Gtrid kGtrid = core::Gtrid::Make("12345678", 3, "abc", 99);
const WallTime kNow{1'700'000'009'000'000'000};

core::AtomicBranch DatabaseBranch(const std::string& name) {
  core::AtomicBranch branch;
  branch.spec = {name, "on-" + name, false};
  branch.state = core::BranchState::kPrepared;
  branch.identity = "server of " + name;
  branch.started_at = "2026-01-31 12:00";
  branch.position = 1ull << 40;
  branch.witnessed = true;
  return branch;
}

core::AtomicBranch PartnerBranch(const std::string& name) {
  core::AtomicBranch branch;
  branch.spec.name = name;
  branch.spec.kind = core::BranchKind::kTcc;
  branch.spec.called_by_client = true;
  return branch;
}

// Two databases, one of them ended as read-only, and a partner.
Entry MakeEntry(bool client_named) {
  Entry entry;
  entry.atomic.gtrid = kGtrid;
  entry.atomic.settings.client_named = client_named;
  entry.gid = client_named ? "order-7" : kGtrid.ToHex();
  entry.fingerprint = std::string("\0\xff fingerprint", 14);
  entry.begun_at = {1'700'000'000'000'000'001};
  entry.deadline_at = {1'700'000'030'000'000'002};
  entry.decided_at = {1'700'000'001'000'000'003};
  entry.atomic.branches = {DatabaseBranch("stock"), DatabaseBranch("prices"),
                           PartnerBranch("hotel")};
  entry.atomic.branches[1].state = core::BranchState::kReadOnly;
  entry.atomic.branches[1].Restore(core::Phase::kEnded);
  entry.work.resize(3);
  auto partner = std::make_shared<Partner>();
  partner->urls = {"http://h/try", "http://h/confirm", "http://h/cancel"};
  partner->payload = {"text/plain", std::string("two\0nights", 10)};
  entry.work[2].partner = std::move(partner);
  return entry;
}

Decoded MustDecode(const std::string& payload) {
  auto decoded = Decode(payload);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  return std::move(*decoded);
}

Entry EntryOf(const Decoded& decoded) {
  Entry entry;
  entry.atomic.gtrid = decoded.gtrid.value();
  return entry;
}

TEST(Records, ReadAnOpenRecord) {
  for (const bool client_named : {true, false}) {
    const std::string payload = EncodeOpen(MakeEntry(client_named));
    const Decoded decoded = MustDecode(payload);
    Entry entry = EntryOf(decoded);
    ReadOpen(decoded.record.open(), entry);
    EXPECT_EQ(EncodeOpen(entry), payload);
    EXPECT_TRUE(entry.atomic.open_logged);
  }
}

TEST(Records, ReadThatALastResourceMayHaveCommitted) {
  Entry before = MakeEntry(true);
  before.atomic.branches[0].spec.kind = core::BranchKind::kLast;
  for (const uint64_t last_ticket : {0u, 7u}) {
    before.atomic.last_ticket = last_ticket;
    const std::string payload = EncodeOpen(before);
    const Decoded decoded = MustDecode(payload);
    EXPECT_EQ(decoded.record.open().last_may_have_committed(), last_ticket != 0);
    Entry entry = EntryOf(decoded);
    ReadOpen(decoded.record.open(), entry);
    EXPECT_EQ(entry.atomic.LastMayHaveCommitted(), last_ticket != 0);
    EXPECT_EQ(entry.atomic.LastResource(), 0u);
    EXPECT_EQ(entry.atomic.branches[0].identity, "server of stock") << "its row is looked up there";
    EXPECT_FALSE(entry.atomic.branches[0].AskedToPrepare());
    EXPECT_EQ(EncodeOpen(entry), payload);
  }
}

TEST(Records, KeepTheLastResourceInACommitRecord) {
  Entry before = MakeEntry(true);
  before.atomic.branches[0].spec.kind = core::BranchKind::kLast;
  before.atomic.branches[0].state = core::BranchState::kCommitted;
  before.atomic.branches[0].Restore(core::Phase::kEnded);
  const std::string payload = EncodeCommit(before);
  const Decoded decoded = MustDecode(payload);
  Entry entry = EntryOf(decoded);
  ReadCommit(decoded.record.commit(), entry);
  EXPECT_EQ(entry.atomic.LastResource(), 0u);
  EXPECT_TRUE(entry.atomic.branches[0].Ended()) << "it is not asked again";
  EXPECT_EQ(EncodeCommit(entry), payload);
}

TEST(Records, ReadAnEnlistRecordOfOneBranch) {
  for (uint32_t branch = 0; branch < 3; ++branch) {
    const std::string payload = EncodeEnlist(MakeEntry(true), branch);
    const Decoded decoded = MustDecode(payload);
    Entry entry = EntryOf(decoded);
    ReadOpen(decoded.record.enlist(), entry);
    EXPECT_EQ(entry.atomic.branches.size(), branch + 1);
    EXPECT_EQ(EncodeEnlist(entry, branch), payload);
  }
}

TEST(Records, ReadACommitRecord) {
  for (const bool client_named : {true, false}) {
    for (const bool open_logged : {true, false}) {
      Entry before = MakeEntry(client_named);
      before.atomic.open_logged = open_logged;
      const std::string payload = EncodeCommit(before);
      const Decoded decoded = MustDecode(payload);
      Entry entry = EntryOf(decoded);
      ReadCommit(decoded.record.commit(), entry);
      EXPECT_EQ(EncodeCommit(entry), payload);
      EXPECT_EQ(entry.atomic.open_logged, open_logged);
    }
  }
}

TEST(Records, ReadWhatPhaseTwoNeedsOfABranch) {
  const Decoded decoded = MustDecode(EncodeCommit(MakeEntry(true)));
  Entry entry = EntryOf(decoded);
  ReadCommit(decoded.record.commit(), entry);
  ASSERT_EQ(entry.atomic.branches.size(), 3u);
  EXPECT_EQ(entry.names,
            (std::map<std::string, uint32_t>{{"stock", 0}, {"prices", 1}, {"hotel", 2}}));
  EXPECT_EQ(entry.atomic.branches[0].state, core::BranchState::kPrepared);
  EXPECT_EQ(entry.atomic.branches[1].state, core::BranchState::kReadOnly);
  EXPECT_TRUE(entry.atomic.branches[1].Ended());
  EXPECT_TRUE(entry.atomic.branches[2].IsTcc());
  EXPECT_EQ(entry.atomic.branches[2].spec.resource, "http://h");
  EXPECT_TRUE(entry.work[2].try_left) << "an earlier process may have sent its try";
}

TEST(Records, ReadTheEndOfABranch) {
  const Decoded decoded = MustDecode(EncodeBranchEnd(kGtrid, 1));
  Entry entry = EntryOf(decoded);
  ReadBranchEnd(decoded.record.branch_end(), entry);
  ASSERT_EQ(entry.atomic.branches.size(), 2u);
  EXPECT_FALSE(entry.atomic.branches[0].Ended());
  EXPECT_TRUE(entry.atomic.branches[1].Ended());
}

TEST(Records, ReadAHeuristicRecord) {
  using core::Ack;
  using core::Decision;
  for (const Ack ack : {Ack::kHeuristicCommit, Ack::kHeuristicRollBack, Ack::kHeuristicMixed,
                        Ack::kHeuristicHazard}) {
    for (const Decision decision : {Decision::kNone, Decision::kCommit, Decision::kRollBack}) {
      Entry before = MakeEntry(true);
      before.atomic.decision = decision;
      before.atomic.branches[1].state = core::BranchState::kHeuristic;
      before.atomic.branches[1].heuristic = ack;
      before.atomic.branches[1].detail = "seen by hand";
      const std::string payload = EncodeHeuristic(before, 1, kNow);
      const Decoded decoded = MustDecode(payload);
      Entry entry = EntryOf(decoded);
      ReadTransaction(decoded.record.heuristic(), entry);
      ReadHeuristic(decoded.record.heuristic(), entry);
      EXPECT_EQ(EncodeHeuristic(entry, 1, kNow), payload);
      EXPECT_EQ(entry.atomic.decision, decision);
      EXPECT_EQ(entry.atomic.branches[1].heuristic, ack);
    }
  }
}

TEST(Records, ReadFromAHeuristicRecordOnlyTheBranchesThatAreMissing) {
  const Decoded decoded = MustDecode(EncodeHeuristic(MakeEntry(true), 0, kNow));
  Entry entry = EntryOf(decoded);
  entry.atomic.branches = {DatabaseBranch("known")};
  ReadTransaction(decoded.record.heuristic(), entry);
  EXPECT_EQ(entry.atomic.branches.at(0).spec.name, "known");
  EXPECT_EQ(entry.atomic.branches.at(2).spec.name, "hotel");
}

TEST(Records, ReadAnOutcomeRecord) {
  Ended ended;
  ended.gtrid = kGtrid;
  ended.gid = "order-7";
  ended.fingerprint = "fingerprint";
  ended.cause_branch = "stock";
  ended.cause.statement = 2;
  ended.cause.may_retry = true;
  ended.cause.sqlstate = "40001";
  ended.cause.vendor_code = -1213;
  ended.cause.detail = "deadlock";
  ended.cause.at_wall_ns = kNow.ns;
  ended.begun_at = {1};
  ended.ended_at = kNow;
  for (int outcome = 0; outcome <= static_cast<int>(core::Outcome::kHazard); ++outcome) {
    for (int reason = 0; reason <= static_cast<int>(core::Reason::kOperator); ++reason) {
      for (int by = 0; by <= static_cast<int>(core::DecidedBy::kOperator); ++by) {
        ended.outcome = static_cast<core::Outcome>(outcome);
        ended.cause.reason = static_cast<core::Reason>(reason);
        ended.cause.decided_by = static_cast<core::DecidedBy>(by);
        const std::string payload = EncodeOutcome(ended);
        const Decoded decoded = MustDecode(payload);
        const Ended read = ToEnded(*decoded.gtrid, decoded.record.outcome());
        EXPECT_EQ(EncodeOutcome(read), payload);
        EXPECT_EQ(read.outcome, ended.outcome);
        EXPECT_EQ(read.cause.reason, ended.cause.reason);
      }
    }
  }
}

TEST(Records, ReadWhichBranchCausedARollBack) {
  Entry before = MakeEntry(true);
  before.atomic.outcome = core::Outcome::kRolledBack;
  before.atomic.cause.reason = core::Reason::kDeadlock;
  before.atomic.cause.branch = 1;
  const std::string payload = EncodeOutcome(before, kNow);
  const Decoded decoded = MustDecode(payload);
  Entry entry = MakeEntry(true);
  for (uint32_t i = 0; i < 3; ++i) entry.names[entry.atomic.branches[i].spec.name] = i;
  entry.atomic.outcome = core::Outcome::kRolledBack;
  ReadCause(decoded.record.outcome(), entry);
  EXPECT_EQ(entry.atomic.cause.branch, 1);
  EXPECT_EQ(EncodeOutcome(entry, kNow), payload);
}

TEST(Records, ReadACommitThatHasEnded) {
  Entry entry = MakeEntry(true);
  entry.atomic.outcome = core::Outcome::kCommitted;
  const Decoded commit = MustDecode(EncodeCommit(entry));
  const Decoded end = MustDecode(EncodeEnd(entry, kNow));
  const Ended ended = ToEnded(*commit.gtrid, commit.record.commit(), end.record.end());
  EXPECT_EQ(ended.gid, "order-7");
  EXPECT_EQ(ended.fingerprint, entry.fingerprint);
  EXPECT_EQ(ended.outcome, core::Outcome::kCommitted);
  EXPECT_EQ(ended.begun_at, entry.begun_at);
  EXPECT_EQ(ended.ended_at, kNow);
}

TEST(Records, ReadTheForgottenMark) {
  for (const std::optional<core::Gtrid>& up_to :
       {std::optional(kGtrid), std::optional<core::Gtrid>()}) {
    const std::string payload = EncodeForgotten({up_to, kNow});
    const ForgottenMark mark = ToMark(MustDecode(payload).record.forgotten());
    EXPECT_EQ(mark.up_to, up_to);
    EXPECT_EQ(EncodeForgotten(mark), payload);
  }
}

TEST(Records, NameTheLastTransactionBeforeAnIdentity) {
  const Decoded decoded = MustDecode(EncodeIdentity("stock", "server-b", kGtrid, kNow));
  EXPECT_EQ(decoded.gtrid, kGtrid);
  EXPECT_EQ(decoded.record.resource_identity().resource(), "stock");
  EXPECT_EQ(decoded.record.resource_identity().identity(), "server-b");
}

TEST(Decode, RefusesBytesThatAreNotARecord) {
  log::v1::Record record;
  record.set_gtrid(std::string(20, 'g'));
  for (const std::string& payload :
       {std::string("rubbish"), std::string(), record.SerializeAsString()}) {
    const auto decoded = Decode(payload);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, ErrorCode::kDamaged);
  }
}

TEST(Decode, RefusesATransactionWithoutItsGtrid) {
  log::v1::Record record;
  record.mutable_end()->set_result(log::v1::COMMITTED);
  EXPECT_FALSE(Decode(record.SerializeAsString()));
  record.set_gtrid("short");
  EXPECT_FALSE(Decode(record.SerializeAsString()));
  record.set_gtrid(std::string(20, 'g'));
  EXPECT_TRUE(Decode(record.SerializeAsString()));
}

TEST(Decode, RefusesAnInvalidBranchNumber) {
  for (const uint32_t number : {0u, kMaxBranches + 1, 4'000'000'000u}) {
    log::v1::Record record;
    record.set_gtrid(std::string(20, 'g'));
    record.mutable_commit()->add_branches()->set_number(number);
    const auto commit = Decode(record.SerializeAsString());
    ASSERT_FALSE(commit) << number;
    EXPECT_EQ(commit.error().code, ErrorCode::kDamaged);
    record.mutable_heuristic()->set_number(number);
    EXPECT_FALSE(Decode(record.SerializeAsString())) << number;
    record.mutable_branch_end()->set_number(number);
    EXPECT_FALSE(Decode(record.SerializeAsString())) << number;
  }
}

}  // namespace
}  // namespace assent::coordinator
