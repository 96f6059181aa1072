// SPDX-License-Identifier: Apache-2.0
#include "server/front.h"

#include <atomic>

#include "api/problem.h"
#include "coordinator/requests.h"
#include "server/loopback.h"
#include "server/page.h"
#include "server/routes.h"

namespace assent::server {
namespace {

using coordinator::Route;

HttpResponse RenderHealth(const HealthCheck& question, const coordinator::Front& engine,
                          Format format) {
  if (question.ready && !engine.Ready()) {
    HttpResponse response = RenderRefusal(
        {MakeProblem(503, "busy", "Not ready", "recovery has not read the log yet"), {}}, format);
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  HttpResponse response;
  response.content_type = "text/plain";
  response.body = "ok\n";
  return response;
}

// Renders an answer on the server's thread, so that the engine's thread is free for other work.
struct Rendering {
  coordinator::Answer answer;
  Format format;
  HttpResponse operator()() const { return RenderAnswer(answer, format); }
};

// What the server needs to know about a request that was submitted to the engine.
Taken TakenFor(const coordinator::Request& request, coordinator::Front& engine) {
  switch (request.route) {
    case Route::kList: return {AnswerSize::kLarge};
    case Route::kExecute:
    case Route::kRun: return {AnswerSize::kResults};
    case Route::kGet: {
      // A view contains the results too. If the client hangs up, the wait for a change ends.
      if (!request.wait) return {AnswerSize::kResults};
      return {AnswerSize::kResults, [&engine, gid = request.gid, ticket = request.ticket] {
                engine.EndWait(gid, ticket);
              }};
    }
    default: return {AnswerSize::kSmall};
  }
}

Taken Handle(HttpRequest request, Respond respond, bool loopback, coordinator::Front& engine) {
  const Format format = AnswerFormat(request);
  if (auto refused = RefuseForeignOrigin(request, loopback)) {
    respond([response = RenderRefusal(*refused, format)] { return response; });
    return {};
  }
  if (auto page = AnswerPage(request, format)) {
    respond([response = std::move(*page)] { return response; });
    return {};
  }
  Asked asked = ParseRequest(request);
  if (request.is_reserved) LimitToOperators(&asked);
  if (const auto* refusal = std::get_if<Refusal>(&asked)) {
    respond([response = RenderRefusal(*refusal, format)] { return response; });
    return {};
  }
  if (const auto* health = std::get_if<HealthCheck>(&asked)) {
    respond([response = RenderHealth(*health, engine, format)] { return response; });
    return {};
  }
  auto& question = std::get<coordinator::Request>(asked);
  static std::atomic<uint64_t> next_ticket = 1;
  question.ticket = next_ticket.fetch_add(1, std::memory_order_relaxed);
  Taken taken = TakenFor(question, engine);
  engine.Submit(std::move(question),
                [respond = std::move(respond), format](coordinator::Answer answer) {
                  respond(Rendering{std::move(answer), format});
                });
  return taken;
}

class Api final : public ApiServer {
 public:
  explicit Api(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
  uint16_t port() const override { return server_->port(); }
  void Stop() override { server_->Stop(); }

 private:
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> Serve(HttpOptions options, coordinator::Front& engine) {
  const bool loopback = IsLoopback(options.address);
  auto server = HttpServer::Listen(
      std::move(options), [&engine, loopback](HttpRequest request, Respond respond) {
        return Handle(std::move(request), std::move(respond), loopback, engine);
      });
  if (!server) return server.error();
  return std::unique_ptr<ApiServer>(std::make_unique<Api>(std::move(*server)));
}

}  // namespace assent::server
