// SPDX-License-Identifier: Apache-2.0
// Runs one transaction of the load step by step: begin; enlist each branch, and run it, or try it
// and vote; commit.
//
// Contract: a step without an answer is sent again. A transaction that cannot continue (the
// coordinator has lost it in a crash, or the outcome of the client's try is unknown) is rolled back
// by its gid until the outcome is definite. So every client ends with `reported` set, except a
// client that dies, which sends nothing more. `gives_up` ends the transaction at once. `fault`
// receives an invalid answer. Threads: one per account.
#pragma once

#include <functional>
#include <string>

#include "client/client.h"
#include "tests/crash/workload.h"

namespace assent::test {

// `coordinator`: the URL that partners receive.
void TakeSteps(client::Client& client, const std::string& coordinator, Account& account,
               const std::function<bool()>& gives_up, std::string* fault);

}  // namespace assent::test
