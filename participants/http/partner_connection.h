// SPDX-License-Identifier: Apache-2.0
// One connection to a partner: connects at the first exchange and serves one exchange at a time.
//
// Contract: Serve is answered by exactly one call of its `done`, never inside Serve or Close. By
// then the connection is idle and may serve again, or it is closed. A request is written at most
// once. While idle, the connection keeps reading, so that it notices at once if the partner closes.
// Redirects are not followed; bodies are read up to a bound and discarded.
// Threads: that of its io_context, for everything.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "participants/http/own_address.h"
#include "participants/http/request.h"
#include "participants/http/socket_share.h"
#include "participants/http/url.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace assent::http {

struct PartnerConnectionOptions {
  std::vector<std::string> addresses;  // empty: uses the resolver
  size_t max_header_bytes = 0, max_body_bytes = 0;
  std::shared_ptr<SocketShare> sockets;           // null: no bound
  std::shared_ptr<const OwnAddress> own_address;  // never connected to; null: none
};

struct Job {
  std::function<void(std::string* to)> request;  // called once the connection is open
  Duration connect_within{0};                    // look-up, each address in turn, and TLS
  Duration within{0};                            // in total; the lesser of the two applies
  std::function<void(Received)> done;
};

class PartnerConnection {
 public:
  virtual ~PartnerConnection() = default;
  virtual void Serve(Job job) = 0;
  virtual bool is_idle() const = 0;
  // Idle, and the partner has neither closed nor sent anything.
  virtual bool IsReusable() = 0;
  // Ends the exchange in progress, which is answered with `why`.
  virtual void Close(const std::string& why) = 0;
  virtual bool was_open() const = 0;  // it has been connected once

  // `tls` must outlive the connection; it is used for https.
  static std::shared_ptr<PartnerConnection> Make(boost::asio::io_context& io,
                                                 boost::asio::ssl::context& tls, const Url& url,
                                                 PartnerConnectionOptions options);
};

}  // namespace assent::http
