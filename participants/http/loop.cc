// SPDX-License-Identifier: Apache-2.0
#include "participants/http/loop.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <mutex>
#include <thread>

#include "base/check.h"

namespace assent::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class AsioLoop final : public Loop {
 public:
  explicit AsioLoop(const HttpOptions& options)
      : options_(options), tls_(asio::ssl::context::tls_client), sweep_timer_(io_) {}
  ~AsioLoop() override { Stop(); }

  Result<void> TrustAuthorities();
  void Start(tcc::CompletionSink& sink) override;
  void Stop() override;
  bool Submit(std::shared_ptr<Exchange> exchange) override;
  void Cancel(uint64_t call) override;
  void AddStatus(std::vector<tcc::EndpointStatus>* to) const override;

 private:
  struct Place : std::enable_shared_from_this<Place> {
    explicit Place(asio::io_context& io) : timer(io) {}
    asio::steady_timer timer;
    Monotonic wakes_at = kNever;  // kNever: the timer is not set
    std::unique_ptr<Endpoint> endpoint;
    tcc::EndpointStatus status;  // under status_mutex_
  };

  void TakeSubmitted();
  Place& PlaceOf(const Target& target);
  EndpointServices ServicesFor(const Url& url, Place* place);
  void WakeAt(Place* place, Monotonic at);
  void Deliver(tcc::Completion completion);
  void Sweep();
  void EndIfDone();

  const HttpOptions& options_;
  asio::io_context io_{1};
  asio::ssl::context tls_;
  asio::steady_timer sweep_timer_;
  tcc::CompletionSink* sink_ = nullptr;
  std::thread thread_;

  std::mutex mutex_;  // guards the next two, and their order relative to posts
  bool is_stopped_ = false;
  std::vector<std::shared_ptr<Exchange>> submitted_;  // not yet taken by the thread

  // The loop's thread only.
  std::vector<std::shared_ptr<Exchange>> taken_;
  size_t unanswered_ = 0;
  bool is_stopping_ = false;

  mutable std::mutex status_mutex_;
  // Modified by the loop's thread under the mutex, so that this thread may read it without.
  std::map<std::string, std::shared_ptr<Place>> places_;
};

Result<void> AsioLoop::TrustAuthorities() {
  error_code error;
  tls_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  if (options_.ca_file.empty()) {
    tls_.set_default_verify_paths(error);
  } else {
    tls_.load_verify_file(options_.ca_file, error);
  }
  if (!error) return {};
  return Error{ErrorCode::kInvalid, "cannot be read as certificates: " + error.message(),
               "ca_file"};
}

void AsioLoop::Start(tcc::CompletionSink& sink) {
  sink_ = &sink;
  thread_ = std::thread([this] {
    const auto work = asio::make_work_guard(io_);
    Sweep();
    io_.run();
  });
}

void AsioLoop::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (is_stopped_) return;
    is_stopped_ = true;
  }
  if (!thread_.joinable()) return;
  asio::post(io_, [this] {
    is_stopping_ = true;
    for (auto& [name, place] : places_) place->endpoint->CancelAll("the coordinator is stopping");
    EndIfDone();
  });
  thread_.join();
}

// Stops explicitly instead of running out of work: an address look-up may hang in the resolver.
void AsioLoop::EndIfDone() {
  if (is_stopping_ && unanswered_ == 0) io_.stop();
}

bool AsioLoop::Submit(std::shared_ptr<Exchange> exchange) {
  std::lock_guard lock(mutex_);
  if (is_stopped_) return false;
  submitted_.push_back(std::move(exchange));
  // Only the first of several wakes the thread.
  if (submitted_.size() == 1) asio::post(io_, [this] { TakeSubmitted(); });
  return true;
}

void AsioLoop::TakeSubmitted() {
  {
    std::lock_guard lock(mutex_);
    taken_.swap(submitted_);
  }
  unanswered_ += taken_.size();
  for (auto& exchange : taken_) {
    Endpoint& endpoint = *PlaceOf(*exchange->target).endpoint;
    endpoint.Submit(std::move(exchange));
  }
  taken_.clear();
}

void AsioLoop::Cancel(uint64_t call) {
  std::lock_guard lock(mutex_);
  if (is_stopped_) return;
  asio::post(io_, [this, call] {
    for (auto& [name, place] : places_) {
      if (place->endpoint->Cancel(call)) return;
    }
  });
}

AsioLoop::Place& AsioLoop::PlaceOf(const Target& target) {
  const auto found = places_.find(target.origin);
  if (found != places_.end()) return *found->second;
  const auto place = std::make_shared<Place>(io_);
  place->status.name = target.origin;
  place->endpoint =
      std::make_unique<Endpoint>(target.origin, options_, ServicesFor(target.url, place.get()));
  std::lock_guard lock(status_mutex_);
  places_[target.origin] = place;
  return *place;
}

EndpointServices AsioLoop::ServicesFor(const Url& url, Place* place) {
  EndpointServices services;
  services.connect = [this, url] {
    PartnerConnectionOptions options;
    const auto known = options_.addresses.find(url.host);
    if (known != options_.addresses.end()) options.addresses = known->second;
    options.own_address = options_.own_address;
    options.max_header_bytes = options_.max_header_bytes;
    options.sockets = options_.sockets;
    options.max_body_bytes = options_.max_answer_bytes;
    return PartnerConnection::Make(io_, tls_, url, std::move(options));
  };
  services.wake_at = [this, place](Monotonic at) { WakeAt(place, at); };
  services.deliver = [this](tcc::Completion completion) { Deliver(std::move(completion)); };
  services.publish = [this, place](const tcc::EndpointStatus& status) {
    std::lock_guard lock(status_mutex_);
    place->status = status;
  };
  return services;
}

// Waking too early is harmless: Pump checks the time again.
void AsioLoop::WakeAt(Place* place, Monotonic at) {
  if (place->wakes_at <= at) return;
  place->wakes_at = at;
  place->timer.expires_after(std::max(at - SystemClock().Now(), Duration(0)));
  place->timer.async_wait([weak = place->weak_from_this(), at](error_code error) {
    const auto still_there = weak.lock();
    if (error || !still_there || still_there->wakes_at != at) return;
    still_there->wakes_at = kNever;
    still_there->endpoint->Pump();
  });
}

void AsioLoop::Deliver(tcc::Completion completion) {
  CHECK(unanswered_ > 0) << "a call was answered twice";
  sink_->OnCompletion(std::move(completion));
  --unanswered_;
  EndIfDone();
}

void AsioLoop::Sweep() {
  for (auto at = places_.begin(); at != places_.end();) {
    if (!at->second->endpoint->Sweep()) {
      ++at;
      continue;
    }
    std::lock_guard lock(status_mutex_);
    at = places_.erase(at);
  }
  const Duration pause =
      std::max<Duration>(options_.idle_timeout / 4, std::chrono::milliseconds(10));
  sweep_timer_.expires_after(std::min<Duration>(pause, std::chrono::seconds(1)));
  sweep_timer_.async_wait([this](error_code error) {
    if (!error) Sweep();
  });
}

void AsioLoop::AddStatus(std::vector<tcc::EndpointStatus>* to) const {
  std::lock_guard lock(status_mutex_);
  for (const auto& [name, place] : places_) to->push_back(place->status);
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::Make(const HttpOptions& options) {
  auto loop = std::make_unique<AsioLoop>(options);
  if (auto trusted = loop->TrustAuthorities(); !trusted) return trusted.error();
  return std::unique_ptr<Loop>(std::move(loop));
}

}  // namespace assent::http
