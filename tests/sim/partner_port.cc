// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/partner_port.h"

#include "tests/sim/payload.h"

namespace assent::sim {

using tcc::Answer;
using tcc::Operation;
using namespace std::chrono_literals;

namespace {

constexpr Duration kCallLimit = 4s;
constexpr std::string_view kScheme = "http://";

core::Operation ToCore(Operation operation) {
  switch (operation) {
    case Operation::kTry: return core::Operation::kPrepare;
    case Operation::kConfirm: return core::Operation::kCommit;
    case Operation::kCancel: return core::Operation::kRollBack;
  }
  return core::Operation::kPrepare;
}

}  // namespace

Result<void> SimPartners::Check(const std::string& url, const std::string& field) const {
  if (At(url) != nullptr) return {};
  return Error{ErrorCode::kDenied, "is not the URL of a partner", field};
}

Partner* SimPartners::At(const std::string& url) const {
  for (Partner* partner : partners) {
    if (url.starts_with(std::string(kScheme) + partner->name() + "/") ||
        url == std::string(kScheme) + partner->name()) {
      return partner;
    }
  }
  return nullptr;
}

void SimPartners::Submit(tcc::Call call) {
  process_->BeforeEffect();
  sim_.Trace(call.call * 4 + static_cast<uint64_t>(call.operation), [&] {
    return "coordinator > " + call.urls->Of(call.operation) + "  attempt " +
           std::to_string(call.attempt) + "  " + call.key.gtrid.ToHex() + "/" + call.key.branch;
  });
  const uint64_t number = call.call;
  if (number == 0) return Send(call);  // from a seeded bug
  const bool late = call.operation == Operation::kTry && call.time_left <= Duration(0);
  const bool unsent = ApplyBug(call);
  Waiting& waiting = calls_[number];
  waiting.call = std::move(call);
  if (unsent) {
    return process_->Later(1ms, [this, number] { Complete(number, {Answer::kDone, {}, ""}); });
  }
  if (late) {
    return process_->Later(10us, [this, number] {
      Complete(number, {Answer::kNotSent, {}, "its time is up"});
    });
  }
  Tried& tried = tried_[{waiting.call.key.gtrid, waiting.call.key.branch}];
  if (waiting.call.operation == Operation::kTry) {
    tried.epoch = process_->epoch();
  } else if (tried.epoch != 0 && tried.epoch != process_->epoch()) {
    sim_.Reach(waiting.call.operation == Operation::kCancel ? Marker::kCancelAfterRestart
                                                            : Marker::kConfirmAfterRestart);
  }
  waiting.left = true;
  Send(waiting.call);
}

void SimPartners::Send(const tcc::Call& call) {
  Partner* to = At(call.urls->Of(call.operation));
  const auto ref = FromPayload(call.payload->bytes);
  on_send({call.key.gtrid, PartnerBit(call.key.branch), to->name()},
          {ToCore(call.operation), false, ref ? ref->tag : 0, call.horizon});
  PartnerRequest request;
  request.operation = call.operation;
  request.key = call.key;
  request.gid = call.gid;
  request.payload = call.payload->bytes;
  request.horizon = call.horizon;
  Duration limit = kCallLimit;
  if (call.operation == Operation::kTry) {
    request.deadline = call.deadline;
    limit = std::min(limit, call.time_left);
  }
  net_.Send(*to, std::move(request), limit,
            [this, number = call.call, epoch = process_->epoch()](const auto& result) {
              if (epoch == process_->epoch()) Complete(number, result);
            });
}

void SimPartners::Complete(uint64_t number, PartnerNet::Result result) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const tcc::Call call = std::move(found->second.call);
  calls_.erase(found);
  tcc::Completion completion;
  completion.call = number;
  completion.operation = call.operation;
  completion.key = call.key;
  completion.answer = result.answer;
  completion.status = result.said.status;
  completion.retry_after = result.said.retry_after;
  completion.expires_at = result.said.expires_at;
  completion.detail = result.detail;
  sim_.Trace(number * 8 + static_cast<uint64_t>(result.answer), [&] {
    return "coordinator < " + call.urls->Of(call.operation) + "  " + call.key.gtrid.ToHex() + "/" +
           call.key.branch + " " + tcc::Name(result.answer);
  });
  Observe(call, result.answer);
  ApplyBug(call, completion);
  process_->Deliver(std::move(completion));
}

void SimPartners::Observe(const tcc::Call& call, Answer answer) {
  if (call.operation != Operation::kTry) return;
  const bool refused = answer == Answer::kRefused;
  if (refused && call.try_sent_before) sim_.Reach(Marker::kRefusedLater);
  tried_[{call.key.gtrid, call.key.branch}].refused = refused;
}

void SimPartners::Cancel(uint64_t number) {
  process_->BeforeEffect();
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const Answer answer = found->second.left ? Answer::kUnknown : Answer::kNotSent;
  process_->Later(sim_.rng.Between(1us, 100us), [this, number, answer] {
    Complete(number, {answer, {}, "ended by the coordinator"});
  });
}

// Seeded bugs of the adapter and of the code that interprets its completions. Returns true if the
// call is not sent and is completed as done.
bool SimPartners::ApplyBug(tcc::Call& call) {
  if (sim_.Has(SeededBug::kHorizonNow)) call.horizon = sim_.Wall();
  if (call.operation == Operation::kConfirm) {
    return sim_.Has(SeededBug::kConfirmTooLate) && call.time_left <= Duration(0);
  }
  if (call.operation == Operation::kCancel) {
    return sim_.Has(SeededBug::kRefusedNotCancelled) &&
           tried_[{call.key.gtrid, call.key.branch}].refused;
  }
  return false;
}

void SimPartners::ApplyBug(const tcc::Call& call, tcc::Completion& completion) {
  const bool silent = completion.answer == Answer::kUnknown;
  const bool refused = completion.answer == Answer::kRefused;
  switch (call.operation) {
    case Operation::kTry:
      if (sim_.Has(SeededBug::kSilenceNotSent) && silent) completion.answer = Answer::kNotSent;
      if (sim_.Has(SeededBug::kExpiryIgnored)) completion.expires_at.reset();
      if (sim_.Has(SeededBug::kTryRepeated) && silent) {
        process_->Later(3s, [this, call] { Send(call); });
      }
      break;
    case Operation::kConfirm:
      if (sim_.Has(SeededBug::kRefusedConfirmDone) && refused) completion.answer = Answer::kDone;
      break;
    case Operation::kCancel:
      if (sim_.Has(SeededBug::kSilentCancelDone) && silent) completion.answer = Answer::kDone;
      break;
  }
  if (sim_.Has(SeededBug::kRetryAfterUnbounded) && completion.retry_after > Duration(0)) {
    completion.retry_after = 1h;
  }
}

}  // namespace assent::sim
