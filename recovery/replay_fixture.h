// SPDX-License-Identifier: Apache-2.0
// A restart for tests: what one shard has logged goes to a real log in a real directory, is read
// back, and the next shard begins with it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/options.h"
#include "coordinator/testing.h"
#include "log/decision_log.h"
#include "recovery/replay.h"
#include "tests/support/temp.h"

namespace assent::recovery {

class FailingSink final : public log::DurableSink {
 public:
  void OnDurable(log::Lsn) override {}
  void OnFailure(const Error& error) override { ADD_FAILURE() << error.message; }
  void OnPressure(log::Lsn) override {}
};

class ReplayTest : public testing::Test {
 protected:
  // Writes what `box` has logged into the directory, as a process that is killed afterwards would
  // leave it.
  void Write(const std::vector<std::string>& payloads) {
    auto recovered = log::Open(log::PosixFileSystem(), options_);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().message;
    auto opened = log::DecisionLog::Start(log::PosixFileSystem(), std::move(*recovered), {},
                                          SystemRandom(), sink_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    for (const std::string& payload : payloads) (*opened)->Append(payload, log::Urgency::kForce);
    (*opened)->Stop();
  }
  Result<Rebuilt> Read() {
    auto recovered = log::Open(log::PosixFileSystem(), options_);
    if (!recovered) return recovered.error();
    return Replay(*recovered, engine_, SystemClock().Wall());
  }
  Rebuilt MustRead() {
    auto rebuilt = Read();
    EXPECT_TRUE(rebuilt.has_value()) << rebuilt.error().message;
    return std::move(*rebuilt);
  }

  // The next incarnation, as it stands after its start.
  std::unique_ptr<coordinator::Box> Restart() {
    Rebuilt rebuilt = MustRead();
    auto box = std::make_unique<coordinator::Box>(engine_, 4);
    box->log.records = rebuilt.copies;
    rebuilt.AssignLsns(1);
    box->shard->Restore(std::move(rebuilt.restored));
    return box;
  }

  test::TempDirectory directory_;
  log::Options options_{directory_.path() + "/log", 1 << 20, 0, 64 << 20};
  coordinator::EngineOptions engine_;
  FailingSink sink_;
};

}  // namespace assent::recovery
