// SPDX-License-Identifier: Apache-2.0
// A hotel that takes part in transactions, on a real database: the partner's server of
// client/partner with a little business code, and a coordinator's calls to it.
//
// The hotel has `stock(night, free)` with two nights of ten rooms, and `booking(transaction,
// state)`, where `transaction` is unique. Try takes a room of each night, confirm and cancel settle
// it. The tests read the ledgers with the databases' own clients.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "client/partner/server.h"
#include "client/partner/testing.h"
#include "server/testing.h"
#include "tests/support/servers.h"

namespace assent::test {

using Operation = tcc::Operation;
using server::RawAnswer;

class Hotel : public testing::TestWithParam<barrier::Vendor> {
 protected:
  void SetUp() override;
  void TearDown() override { partner_.reset(); }

  bool is_mysql() const { return GetParam() == barrier::Vendor::kMySql; }
  Server& database() const { return is_mysql() ? SharedMySql() : SharedPostgreSql(); }
  // On this port of 127.0.0.1; 0: the database's own.
  partner::Opener OpenerAt(int port = 0, uint32_t lock_timeout_ms = 20'000) const;

  // The hotel's operations, unless a test replaces them.
  static partner::Outcome Reserve(partner::Session& session, const partner::Call& call);
  static partner::Outcome Book(partner::Session& session, const partner::Call& call);
  static partner::Outcome Release(partner::Session& session, const partner::Call& call);
  static partner::Partner Business() { return {"/hotel", Reserve, Book, Release}; }

  // Runs the partner's server; before that no call is answered.
  void Serve(partner::Partner business = Business(), partner::ServerOptions options = {},
             partner::Opener opener = nullptr);
  void ServeTry(partner::Work work);

  // Sends one call over its own connection. 0: it was not answered.
  RawAnswer Ask(const tcc::Call& call, const std::vector<std::string>& secrets = {});
  RawAnswer Ask(Operation operation, uint64_t number = 1) {
    return Ask(partner::CoordinatorCall(operation, number));
  }
  int Status(Operation operation, uint64_t number = 1) { return Ask(operation, number).status; }

  Rows Query(const std::string& sql);
  std::string One(const std::string& sql);
  std::string Free() { return One("SELECT SUM(free) FROM stock"); }
  // "held", "booked", "released", or "nothing"; the state of the only booking.
  std::string Booking();
  std::string Causes();  // the rows of the barrier, as "confirm=confirm try=try"

  std::unique_ptr<partner::Server> partner_;
};

std::string VendorName(const testing::TestParamInfo<barrier::Vendor>& which);

}  // namespace assent::test
