// SPDX-License-Identifier: Apache-2.0
#include "participants/http/partners.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "participants/http/loop.h"
#include "participants/http/request.h"

namespace assent::http {
namespace {

constexpr size_t kTargets = 1'000;

struct Signature {
  AllowList where;
  std::vector<signing::Signer> signers;
};

class HttpPartners final : public tcc::Partners {
 public:
  explicit HttpPartners(HttpOptions options) : options_(std::move(options)) {}

  Result<void> Prepare();
  void Start(tcc::CompletionSink& sink) override;
  void Stop() override;
  void Submit(tcc::Call call) override;
  void Cancel(uint64_t call) override;
  Result<void> Check(const std::string& url, const std::string& field) const override;
  std::vector<tcc::EndpointStatus> Status() const override;

 private:
  using TargetPointer = std::shared_ptr<const Target>;
  Result<TargetPointer> TargetOf(const std::string& url, const std::string& field) const;
  Result<Url> Allowed(const std::string& url, const std::string& field) const;
  Result<void> ReadSigning();

  const HttpOptions options_;
  AllowList allow_;
  std::vector<Signature> signatures_;
  std::vector<std::unique_ptr<Loop>> loops_;
  tcc::CompletionSink* sink_ = nullptr;

  mutable std::mutex targets_mutex_;
  mutable std::unordered_map<std::string, TargetPointer> targets_;  // by URL; recently used
};

Result<void> HttpPartners::Prepare() {
  auto allow = AllowList::Make(options_.allow);
  if (!allow) return Error{ErrorCode::kInvalid, allow.error().message, "allow"};
  allow_ = std::move(*allow);
  if (auto read = ReadSigning(); !read) return read.error();
  for (int i = 0; i < std::max(options_.threads, 1); ++i) {
    auto loop = Loop::Make(options_);
    if (!loop) return loop.error();
    loops_.push_back(std::move(*loop));
  }
  return {};
}

Result<void> HttpPartners::ReadSigning() {
  for (const Signing& signing : options_.signing) {
    auto where = AllowList::Make({signing.prefix});
    if (!where) return Error{ErrorCode::kInvalid, where.error().message, "signing"};
    Signature signature{std::move(*where), {}};
    for (const std::string& secret : signing.secrets) {
      auto signer = signing::Signer::Make(secret);
      if (!signer) {
        return Error{ErrorCode::kInvalid,
                     "a secret of " + signing.prefix + ": " + signer.error().message, "signing"};
      }
      signature.signers.push_back(std::move(*signer));
    }
    signatures_.push_back(std::move(signature));
  }
  return {};
}

Result<Url> HttpPartners::Allowed(const std::string& url, const std::string& field) const {
  auto parsed = ParseUrl(url);
  if (!parsed) return Error{parsed.error().code, parsed.error().message, field};
  const auto& own = options_.own_address;
  if (own && own->IsHost(parsed->host, parsed->port)) {
    return Error{ErrorCode::kDenied, "names this coordinator itself, which is not a partner",
                 field};
  }
  if (allow_.Allows(*parsed)) return parsed;
  return Error{
      ErrorCode::kDenied,
      "is not allowed: no configured prefix matches " + parsed->Origin() + " with this path",
      field};
}

Result<HttpPartners::TargetPointer> HttpPartners::TargetOf(const std::string& url,
                                                           const std::string& field) const {
  {
    std::lock_guard lock(targets_mutex_);
    const auto found = targets_.find(url);
    if (found != targets_.end()) return found->second;
  }
  auto allowed = Allowed(url, field);
  if (!allowed) return allowed.error();
  auto target = std::make_shared<Target>();
  target->url = std::move(*allowed);
  target->origin = target->url.Origin();
  target->request_head = RequestHead(target->url);
  for (const Signature& signature : signatures_) {
    if (!signature.where.Allows(target->url)) continue;
    target->signers = signature.signers;
    break;
  }
  std::lock_guard lock(targets_mutex_);
  if (targets_.size() >= kTargets) targets_.clear();
  return TargetPointer(targets_.emplace(url, std::move(target)).first->second);
}

Result<void> HttpPartners::Check(const std::string& url, const std::string& field) const {
  if (auto target = TargetOf(url, field); !target) return target.error();
  return {};
}

void HttpPartners::Start(tcc::CompletionSink& sink) {
  sink_ = &sink;
  for (const auto& loop : loops_) loop->Start(sink);
}

void HttpPartners::Stop() {
  for (const auto& loop : loops_) loop->Stop();
}

void HttpPartners::Submit(tcc::Call call) {
  const Monotonic now = SystemClock().Now();
  const std::string field = std::string(tcc::Name(call.operation)) + "_url";
  // Checked again, and not only when the branch is enlisted: the branch may have been read from a
  // log that was written under another configuration.
  auto target = TargetOf(call.urls->Of(call.operation), field);
  if (!target) return sink_->OnCompletion(NotSent(call, field + " " + target.error().message));
  if (auto fit = CheckHeaders(call); !fit) {
    return sink_->OnCompletion(NotSent(call, fit.error().message));
  }
  auto exchange = std::make_shared<Exchange>();
  exchange->since = now;
  exchange->deadline = now + call.time_left;
  exchange->until = call.operation == tcc::Operation::kTry ? exchange->deadline : kNever;
  exchange->target = std::move(*target);
  exchange->call = std::move(call);
  const size_t index = std::hash<std::string>()(exchange->target->origin) % loops_.size();
  if (loops_[index]->Submit(exchange)) return;
  sink_->OnCompletion(NotSent(exchange->call, "the coordinator is stopping"));
}

void HttpPartners::Cancel(uint64_t call) {
  for (const auto& loop : loops_) loop->Cancel(call);
}

std::vector<tcc::EndpointStatus> HttpPartners::Status() const {
  std::vector<tcc::EndpointStatus> all;
  for (const auto& loop : loops_) loop->AddStatus(&all);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace

Result<std::unique_ptr<tcc::Partners>> MakePartners(HttpOptions options) {
  auto partners = std::make_unique<HttpPartners>(std::move(options));
  if (auto prepared = partners->Prepare(); !prepared) return prepared.error();
  return std::unique_ptr<tcc::Partners>(std::move(partners));
}

}  // namespace assent::http
