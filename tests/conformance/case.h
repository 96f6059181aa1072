// SPDX-License-Identifier: Apache-2.0
// One case of the conformance suite, and the world that it runs in.
//
// A case runs against one participant at a time and uses nothing but the port and its Rig; it
// asserts with GoogleTest. Its name is unique, and `promise` is the sentence of xa/port.h that it
// checks, in plain words.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/conformance/client.h"
#include "tests/support/temp.h"

namespace assent::conformance {

// A database with two accounts, and resources over it. The witness table is installed, except after
// DropWitness.
class Rig {
 public:
  explicit Rig(const Participant& participant);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  bool last() const { return participant_.role == Role::kLastResource; }
  Vendor& vendor() { return *participant_.vendor; }
  Client& db();                        // the resource of the case, opened at first use
  void Close() { db_.reset(); }        // as at the end of the coordinator's process
  Client& Reopen(const Setup& setup);  // another one instead
  std::unique_ptr<Client> Another(const Setup& setup = {});  // another one besides
  void DropWitness();                                        // before the first use of db()

  std::string One(const std::string& sql);  // the first value
  std::string Amount(int id);
  // The mark of the branch's witness row: C, R, or nothing.
  std::string Mark(const xa::Xid& xid);
  void ExpectServer(const xa::ServerStamp& stamp);  // that this is a stamp of the server
  // An open branch that has set the amount of account `id`.
  xa::Xid Wrote(int id, int64_t amount, xa::BranchOptions options = {});
  xa::Xid Voted(int id, int64_t amount);  // the same, and it has voted yes
  bool Eventually(const std::function<bool()>& predicate) {
    return test::Eventually(kLong, predicate);
  }

 private:
  const Participant& participant_;
  std::unique_ptr<Client> db_;
};

struct Case {
  const char* name;
  const char* promise;
  void (*run)(Rig&);
  std::vector<Feature> needs = {};
  std::optional<Role> only = {};  // else for both roles
  const char* why_only = "";      // why it does not apply to the other role
};

// The cases by topic, each in the file of its name in cases/.
std::span<const Case> BranchCases();
std::span<const Case> CancelCases();
std::span<const Case> ContentionCases();
std::span<const Case> FlightCases();
std::span<const Case> LastResourceCases();
std::span<const Case> LookupCases();
std::span<const Case> ResourceCases();
std::span<const Case> LostCases();
std::span<const Case> StatementCases();
std::span<const Case> WitnessCases();

std::vector<const Case*> AllCases();

}  // namespace assent::conformance
