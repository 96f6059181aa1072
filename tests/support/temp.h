// SPDX-License-Identifier: Apache-2.0
// Small things that tests of the outside world need: a directory, a port, waiting for something.
//
// Threads: every function may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace assent::test {

// A directory of its own under $TMPDIR (or /tmp), removed with all that is in it at the end.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A loopback TCP port on which nothing listens now, and which no other call returns, here or in
// another test program, until this program ends. Other programs on the machine may still take it.
int FreePort();

// Asks the predicate again and again until it says true (then true) or the deadline has passed
// (then what a last try says). For waiting on another process; never asserts how long it took.
bool Eventually(std::chrono::milliseconds deadline, const std::function<bool()>& predicate);

// The whole file, or nothing when it cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace assent::test
