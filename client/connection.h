// SPDX-License-Identifier: Apache-2.0
// One keep-alive connection to a coordinator over HTTP.
//
// Contract: connects when it is first used, and again when the server has closed in between.
// Nothing is ever sent twice by itself: what came of a request whose answer was lost is for the
// caller to ask.
// Errors: kInvalid from To: the URL is none. kUnavailable: not connected, nothing was sent, say it
// again when you like. kTimeout: sent, and no answer in time or a lost connection; *unknown*, ask
// by the gid. kDamaged: what came back is no HTTP; as good as unknown.
// Threads: one at a time; blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace assent::client {

struct Header {
  std::string_view name;
  std::string_view value;
};

struct Response {
  int status = 0;
  bool is_problem = false;  // the body is an assent.v1.Problem
  uint32_t retry_after_s = 0;
  std::string content_type;
  std::string body;
};

inline constexpr std::string_view kDefaultServer = "http://127.0.0.1:7430";
inline constexpr std::string_view kJsonType = "application/json";
inline constexpr std::string_view kProtobufType = "application/x-protobuf";

class Connection {
 public:
  // "http://host:port", where the port may be missing (80), or "host:port"; a host is a name, an
  // IPv4 or a [IPv6] address.
  static Result<Connection> To(std::string_view url);

  Connection(Connection&& other) noexcept { *this = std::move(other); }
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { Close(); }

  // `timeout` bounds the whole exchange, connecting included; but for the look-up of a host that is
  // a name, which takes as long as the system's resolver does.
  Result<Response> Send(std::string_view method, std::string_view path,
                        const std::vector<Header>& headers, std::string_view body,
                        Duration timeout);
  // "127.0.0.1:7430": what error messages name.
  const std::string& server() const { return server_; }
  void Close();

 private:
  Connection() = default;
  Result<void> Connect(Monotonic until);
  Result<void> SendAll(std::string_view text, Monotonic until);
  Result<Response> Receive(bool is_head, Monotonic until);
  bool IsStale() const;
  Result<void> WaitUntilReady(short events, Monotonic until);

  std::string host_;
  std::string port_;
  std::string server_;
  int descriptor_ = -1;
  std::string scratch_;
};

}  // namespace assent::client
