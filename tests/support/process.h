// SPDX-License-Identifier: Apache-2.0
// A child program that a test starts, watches and kills.
//
// Contract: the child runs in its own process group. The kernel kills it when the test program
// ends, in whatever way. The destructor kills and reaps it.
// Errors: kIo when the program cannot be run, kTimeout when a deadline has passed.
// Threads: a Process belongs to one thread at a time; different ones are independent.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace assent::test {

struct ProcessOptions {
  std::vector<std::string> environment = {};  // "NAME=value", overrides the test's own
  std::string output = {};                    // file to append to; empty: discarded
  std::string error_output = {};              // empty: the same as output
  std::string directory = {};                 // empty: the test's own
};

// How a program ended: by exit(code), or by a signal.
struct ExitStatus {
  bool signalled = false;
  int code = 0;  // the signal's number when signalled
  bool ok() const { return !signalled && code == 0; }
};

class Process {
 public:
  // arguments[0] is the program, looked up on PATH when it has no slash.
  static Result<std::unique_ptr<Process>> Start(const std::vector<std::string>& arguments,
                                                const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  void Kill(int signal = 9);       // does nothing if it has ended
  void KillGroup(int signal = 9);  // its child processes too
  // Waits for the end. A later call returns the same status.
  Result<ExitStatus> Wait(std::chrono::milliseconds deadline);

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_;
  bool ended_ = false;
  ExitStatus status_;
};

struct CommandOutput {
  ExitStatus status;
  std::string output;
  std::string error_output;
};

// Runs a program to its end and captures its output; kills its process group at the deadline.
Result<CommandOutput> RunCommand(
    const std::vector<std::string>& arguments, const ProcessOptions& options = {},
    std::chrono::milliseconds deadline = std::chrono::milliseconds(60000));

// Stops a process (SIGSTOP) and waits until all its threads have stopped. Returns false if they
// have not within ten seconds, or if the process does not exist. SIGCONT resumes it.
bool Freeze(pid_t pid);

}  // namespace assent::test
