// SPDX-License-Identifier: Apache-2.0
// A partner that sells seats, made with client/partner, in this process, on a real database of its
// own.
//
// Contract: ten seats are free at first. Try holds one (refused where none is left), confirm books
// it, cancel gives it back. The database stays over Stop and Serve, and so does the port. Two
// objects with one database are one partner that is reached in two places.
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

// What an operation does behind the partner's own work, in the same local transaction.
struct More {
  partner::Work on_try = nullptr, on_confirm = nullptr, on_cancel = nullptr;
};

class SeatPartner {
 public:
  using Work = partner::Work;

  // Makes the database, or empties it.
  SeatPartner(Server& server, std::string database, std::string path = "/seats");
  void Serve(More more = {}, const std::vector<std::string>& secrets = {});
  void Stop() { partner_.reset(); }  // from now on nobody answers
  void SellOut();

  int port() const { return port_; }
  const std::string& path() const { return path_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + path_; }
  // {"name": NAME, "tcc": {"url": …, MORE "payload": {"seats": 1}}}
  std::string Branch(const std::string& name, const std::string& more = "") const;
  v1::Branch Enlisted(const std::string& name) const;  // the same as a message

  // A try as an application calls it by itself, as the bytes of a request; and its answer's status.
  std::string OwnTry(const std::string& transaction, const std::string& branch,
                     const std::vector<std::string>& secrets = {}) const;
  int Send(const std::string& request) const;

  // What its database holds, as its own client reads it: "9 held", "9 booked", "10 released".
  std::string Ledger() const;
  // How often the business code was run by calls to it: "try", "confirm", "cancel".
  int Ran(const std::string& operation);
  // The last try that was run; there is one.
  partner::Call LastTry();
  // Without a call: carries out the operation of what `tried` holds, through the barrier. Gives the
  // status that a call would have had.
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
  std::mutex mutex_;  // of what follows
  std::map<std::string, int> ran_;
  std::optional<partner::Call> last_try_;
  std::unique_ptr<partner::Server> partner_;
};

}  // namespace assent::test
