// SPDX-License-Identifier: Apache-2.0
// For tests: an HTTP server with a handler that the test provides.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/http_server.h"

namespace assent::server {

inline HttpResponse Text(std::string body) { return {200, "text/plain", {}, std::move(body)}; }

// Answers at once with the request itself.
inline Taken Echo(HttpRequest request, Respond respond) {
  respond(
      [text = request.method + " " + request.target + " " + request.body] { return Text(text); });
  return {};
}

// Keeps every request until the test answers it on its own thread.
class PendingRequests {
 public:
  Handler handler() {
    return [this](HttpRequest request, Respond respond) {
      std::lock_guard lock(mutex_);
      pending_.emplace_back(std::move(request), std::move(respond));
      changed_.notify_all();
      return Taken{};
    };
  }
  void WaitFor(size_t count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10),
                                  [&] { return pending_.size() >= count; }));
  }
  void Answer(size_t index) {
    std::lock_guard lock(mutex_);
    pending_[index].second([text = pending_[index].first.target] { return Text(text); });
  }
  size_t count() {
    std::lock_guard lock(mutex_);
    return pending_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<HttpRequest, Respond>> pending_;
};

inline std::unique_ptr<HttpServer> Start(Handler handler, HttpOptions options = {}) {
  options.port = 0;
  auto server = HttpServer::Listen(options, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

}  // namespace assent::server
