// SPDX-License-Identifier: Apache-2.0
// One connection to a partner: made when first needed, then one exchange after another.
//
// Contract: Serve is answered by exactly one call of its `done`, never inside Serve or Close; by
// then the connection is idle and may serve again, or it is closed. A request is written at most
// once. While it is idle it reads on, so that a partner that closes is noticed at once. Redirects
// are not followed, bodies are read up to a bound and thrown away. Threads: that of its io_context,
// for everything.
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
  std::vector<std::string> addresses;  // empty: the resolver is asked
  size_t max_header_bytes = 0, max_body_bytes = 0;
  std::shared_ptr<SocketShare> sockets;           // null: no bound
  std::shared_ptr<const OwnAddress> own_address;  // not connected to; null: none
};

struct Job {
  std::function<void(std::string* to)> request;  // made when the connection is there
  Duration connect_within{0};                    // look-up, every address in turn, and TLS
  Duration within{0};                            // all of it; the lesser of the two binds
  std::function<void(Received)> done;
};

class PartnerConnection {
 public:
  virtual ~PartnerConnection() = default;
  virtual void Serve(Job job) = 0;
  virtual bool is_idle() const = 0;
  // Idle, and the partner has neither closed nor said anything unasked.
  virtual bool IsReusable() = 0;
  // Ends what is under way; it is answered with `why`.
  virtual void Close(const std::string& why) = 0;
  virtual bool was_open() const = 0;  // it has been connected once

  // `tls` outlives the connection; it is used where the URL says https.
  static std::shared_ptr<PartnerConnection> Make(boost::asio::io_context& io,
                                                 boost::asio::ssl::context& tls, const Url& url,
                                                 PartnerConnectionOptions options);
};

}  // namespace assent::http
