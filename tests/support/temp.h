// SPDX-License-Identifier: Apache-2.0
// Helpers for tests that use the file system, the network and other processes.
//
// Threads: every function may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace assent::test {

// A new directory under $TMPDIR (or /tmp); the destructor removes it with its contents.
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

// Polls the predicate until it returns true or the deadline has passed, and returns its last
// result. Use it to wait for another process, not to assert how long something took.
bool Eventually(std::chrono::milliseconds deadline, const std::function<bool()>& predicate);

// Deletes the directory and all that is in it, also while another thread or process still creates
// files there. A failure ends the test.
void RemoveTree(const std::string& path);

// The whole file, or an empty string if it cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace assent::test
