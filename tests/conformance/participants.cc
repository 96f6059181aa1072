// SPDX-License-Identifier: Apache-2.0
// The list of participants.
#include "tests/conformance/participant.h"

namespace assent::conformance {
namespace {

struct Entry {
  std::unique_ptr<Vendor> (*make)();
  std::vector<Role> roles;
};

const Entry kEntries[] = {
    {MakeMariaDb, {Role::kXa, Role::kLastResource}},
    {MakeMySql9, {Role::kXa, Role::kLastResource}},
    {MakePostgreSql, {Role::kXa, Role::kLastResource}},
};

}  // namespace

const std::vector<Participant>& Participants() {
  static std::vector<std::unique_ptr<Vendor>> vendors;
  static const std::vector<Participant> all = [] {
    std::vector<Participant> participants;
    for (const Entry& entry : kEntries) {
      vendors.push_back(entry.make());
      for (const Role role : entry.roles) {
        const char* suffix = role == Role::kXa ? "-xa" : "-last";
        participants.push_back(
            {vendors.back()->name() + std::string(suffix), role, vendors.back().get()});
      }
    }
    return participants;
  }();
  return all;
}

}  // namespace assent::conformance
