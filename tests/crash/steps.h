// SPDX-License-Identifier: Apache-2.0
// One transaction of the load step by step: begin; each branch is enlisted, and run, or tried and
// voted for; commit.
//
// Contract: a step without an answer is sent again. What cannot go on (the coordinator has lost it
// in a crash, or what a try by the client has done is not known) is rolled back by its gid, until
// that is definite: so all but a client that dies ends with told, and whoever died sends nothing
// more. `gives_up` ends it at once. `fault`: an answer that should not be.
// Threads: one for each account.
#pragma once

#include <functional>
#include <string>

#include "client/client.h"
#include "tests/crash/workload.h"

namespace assent::test {

// `coordinator`: its URL, as partners are told it.
void TakeSteps(client::Client& client, const std::string& coordinator, Account& account,
               const std::function<bool()>& gives_up, std::string* fault);

}  // namespace assent::test
