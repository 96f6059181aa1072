// SPDX-License-Identifier: Apache-2.0
// Executes a flight one call after the other, for adapters that do not pipeline.
//
// Contract: that of Flight in xa/port.h. Pure.
#pragma once

#include <utility>

#include "xa/port.h"

namespace assent::xa {

// Whether the call after this completion's call is executed.
inline bool Continues(const Completion& completion) { return completion.code == Code::kOk; }

// The completion of a call that is not sent because `earlier` ended its flight.
Completion NotSent(const Call& call, const Completion& earlier);

// Answers all calls of `flight` from number `from` on as not sent.
template <typename Deliver>
void SkipRest(const Flight& flight, size_t from, const Completion& earlier, Deliver&& deliver) {
  for (size_t i = from; i < flight.calls.size(); ++i) deliver(NotSent(flight.calls[i], earlier));
}

// `carry_out` executes a call and returns its completion; `deliver` receives each completion.
template <typename CarryOut, typename Deliver>
void ExecuteInOrder(const Flight& flight, CarryOut&& carry_out, Deliver&& deliver) {
  for (size_t i = 0; i < flight.calls.size(); ++i) {
    Completion completion = carry_out(flight.calls[i]);
    if (Continues(completion)) {
      deliver(std::move(completion));
      continue;
    }
    const Completion earlier = completion;
    deliver(std::move(completion));
    return SkipRest(flight, i + 1, earlier, deliver);
  }
}

}  // namespace assent::xa
