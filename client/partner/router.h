// SPDX-License-Identifier: Apache-2.0
// Handles a partner's requests: finds the partner, verifies the call and serves it. Independent of
// sockets.
//
// Errors: none; each answer says what is wrong.
// Threads: any number at once; blocks.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/partner/serve.h"
#include "client/partner/sessions.h"
#include "client/partner/signature.h"

namespace assent::partner {

struct RouterOptions {
  Duration clock_difference{0};
  Duration session_patience = std::chrono::seconds(5);
  Duration purge_every = std::chrono::hours(1);
};

class Router {
 public:
  Router(RouterOptions options, Verifier verifier, Sessions& sessions,
         std::vector<Partner> partners)
      : options_(options),
        verifier_(std::move(verifier)),
        sessions_(sessions),
        partners_(std::move(partners)),
        next_purge_(SystemClock().Now() + options.purge_every) {}

  // A purge of the barrier table that is due: whose rows to remove, and up to which time.
  struct Upkeep {
    std::string transaction;
    WallTime horizon;
  };

  Answer Handle(Request request);
  // Returns the purge that is due, if any, to one caller only.
  std::optional<Upkeep> TakeUpkeep();
  // Runs a purge, which may take long; `goes_on` is called between its steps.
  void Do(const Upkeep& upkeep, const std::function<bool()>& goes_on);

 private:
  struct Target {
    const Partner* partner = nullptr;
    barrier::Operation operation{};
  };
  Target Find(std::string_view target) const;
  Answer Handle(const Call& call, const Partner& partner, Monotonic arrived);
  void Note(const Call& call);

  const RouterOptions options_;
  const Verifier verifier_;
  Sessions& sessions_;
  const std::vector<Partner> partners_;
  std::mutex mutex_;
  Monotonic next_purge_;
  std::optional<Upkeep> due_;
};

}  // namespace assent::partner
