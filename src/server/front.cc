#include "server/front.h"

#include "coordinator/requests.h"
#include "server/loopback.h"
#include "server/page.h"
#include "server/problems.h"
#include "server/routes.h"

namespace assent::server {
namespace {

HttpResponse RenderHealth(const HealthQuestion& question, const coordinator::Front& engine,
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

// Rendered on the server's thread: whoever answers is not kept from its work.
struct Rendering {
  coordinator::Answer answer;
  Format format;
  HttpResponse operator()() const { return RenderAnswer(answer, format); }
};

void Handle(HttpRequest request, Respond respond, bool loopback, coordinator::Front& engine) {
  const Format format = AnswerFormat(request);
  if (auto refused = RefuseForeignOrigin(request, loopback)) {
    return respond([response = RenderRefusal(*refused, format)] { return response; });
  }
  if (auto page = AnswerPage(request, format)) {
    return respond([response = std::move(*page)] { return response; });
  }
  Asked asked = Interpret(request);
  if (const auto* refusal = std::get_if<Refusal>(&asked)) {
    return respond([response = RenderRefusal(*refusal, format)] { return response; });
  }
  if (const auto* health = std::get_if<HealthQuestion>(&asked)) {
    return respond([response = RenderHealth(*health, engine, format)] { return response; });
  }
  engine.Submit(std::get<coordinator::Request>(std::move(asked)),
                [respond = std::move(respond), format](coordinator::Answer answer) {
                  respond(Rendering{std::move(answer), format});
                });
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
        Handle(std::move(request), std::move(respond), loopback, engine);
      });
  if (!server) return server.error();
  return std::unique_ptr<ApiServer>(std::make_unique<Api>(std::move(*server)));
}

}  // namespace assent::server
