// SPDX-License-Identifier: Apache-2.0
// A keep-alive HTTP connection to a coordinator.
//
// Contract: connects on first use, and again if the server has closed the connection since. A
// request is never resent automatically: if its answer is lost, the caller must find out whether it
// took effect.
// Errors: kInvalid, from To: the URL is malformed. kUnavailable: no connection; nothing was sent,
// and the caller may retry. kTimeout: the request was sent, but no answer arrived in time or the
// connection was lost; the result is *unknown*: ask for it by the gid. kDamaged: the answer is not
// valid HTTP; treat it as unknown.
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
  // Parses "http://host:port", where the default port is 80, or "host:port". A host is a name, an
  // IPv4 address or an [IPv6] address. Does not connect.
  static Result<Connection> To(std::string_view url);

  Connection(Connection&& other) noexcept { *this = std::move(other); }
  Connection& operator=(Connection&& other) noexcept;
  ~Connection() { Close(); }

  // Sends a request and receives the answer. `timeout` limits the whole exchange, including the
  // connect, but not the resolution of a host name, which takes as long as the system's resolver.
  Result<Response> Send(std::string_view method, std::string_view path,
                        const std::vector<Header>& headers, std::string_view body,
                        Duration timeout);
  // The address in error messages, such as "127.0.0.1:7430".
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
