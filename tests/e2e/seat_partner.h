// SPDX-License-Identifier: Apache-2.0
// A partner that sells seats, built on client/partner, in this process, with its own real database.
//
// Contract: ten seats are free at first. Try holds one (refused if none is left), confirm books it,
// cancel releases it. The database and the port survive Stop and Serve. Two objects with the same
// database are one partner at two addresses.
// Threads: one at a time; `more` runs on the server's threads.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"
#include "client/partner/server.h"
#include "tests/support/servers.h"
#include "tests/support/temp.h"

namespace assent::test {

// Extra work of an operation after the partner's own work, in the same local transaction.
struct More {
  partner::Work on_try = nullptr, on_confirm = nullptr, on_cancel = nullptr;
};

class SeatPartner {
 public:
  using Work = partner::Work;

  // Creates the database, or empties it.
  SeatPartner(Server& server, std::string database, std::string path = "/seats");
  void Serve(More more = {}, const std::vector<std::string>& secrets = {});
  void Stop() { partner_.reset(); }  // from now on no call is answered
  void SellOut();

  int port() const { return port_; }
  const std::string& path() const { return path_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + path_; }
  // {"name": NAME, "tcc": {"url": …, MORE "payload": {"seats": 1}}}
  std::string Branch(const std::string& name, const std::string& more = "") const;
  v1::Branch Enlisted(const std::string& name) const;  // the same, as a message

  // A try by an application as the bytes of a request, and the status of the answer to it.
  std::string OwnTry(const std::string& transaction, const std::string& branch,
                     const std::vector<std::string>& secrets = {}) const;
  int Send(const std::string& request) const;

  // The contents of its database, read with the database's own client: "9 held", "9 booked", "10
  // released".
  std::string Ledger() const;
  // How many times calls ran the business code of "try", "confirm" or "cancel".
  int Ran(const std::string& operation);
  // The last try that ran; there must be one.
  partner::Call LastTry();
  // Runs the operation on the reservation of `tried` through the barrier, without a call. Returns
  // the status that a call would have received.
  int Settle(partner::Call tried, barrier::Operation operation);

 private:
  void MakeDatabase();
  partner::Opener Opener() const;
  Rows Query(const std::string& sql) const;
  Work Both(Work own, Work more);
  partner::Partner Business(More more);

  Server& server_;
  const std::string database_, path_;
  const int port_ = FreePort();
  std::mutex mutex_;  // guards the members below
  std::map<std::string, int> ran_;
  std::optional<partner::Call> last_try_;
  std::unique_ptr<partner::Server> partner_;
};

}  // namespace assent::test
