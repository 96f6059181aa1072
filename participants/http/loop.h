// SPDX-License-Identifier: Apache-2.0
// One thread of the adapter and its endpoints.
//
// Threads: every function may be called from any thread; only Stop blocks, and it must not be
// called on the loop's own thread.
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
  // Answers the calls in progress and ends the thread.
  virtual void Stop() = 0;
  // False: the loop is stopped and did not take the call.
  virtual bool Submit(std::shared_ptr<Exchange> exchange) = 0;
  virtual void Cancel(uint64_t call) = 0;
  virtual void AddStatus(std::vector<tcc::EndpointStatus>* to) const = 0;

  // `options` must outlive the loop. Errors: kInvalid with field ca_file if it cannot be read as
  // PEM.
  static Result<std::unique_ptr<Loop>> Make(const HttpOptions& options);
};

}  // namespace assent::http
