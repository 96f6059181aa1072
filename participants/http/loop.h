// SPDX-License-Identifier: Apache-2.0
// One thread of the adapter, and the endpoints that live on it.
//
// Threads: every function may be called from any thread; only Stop waits, and it may not be called
// on the loop's own thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "participants/http/endpoint.h"
#include "participants/http/options.h"
#include "tcc/port.h"

namespace assent::http {

class Loop {
 public:
  virtual ~Loop() = default;
  virtual void Start(tcc::CompletionSink& sink) = 0;
  // Answers what is under way, and ends the thread.
  virtual void Stop() = 0;
  // False: it has been stopped, and the call is not taken.
  virtual bool Submit(std::shared_ptr<Exchange> exchange) = 0;
  virtual void Cancel(uint64_t call) = 0;
  virtual void AddStatus(std::vector<tcc::EndpointStatus>* to) const = 0;

  // `options` outlives the loop. Errors: kInvalid, field ca_file: it cannot be read as PEM.
  static Result<std::unique_ptr<Loop>> Make(const HttpOptions& options);
};

}  // namespace assent::http
