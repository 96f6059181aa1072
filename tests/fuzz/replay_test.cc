// SPDX-License-Identifier: Apache-2.0
// Runs one fuzz program without libFuzzer, on its seeds and on 20,000 deterministic mutations of
// them.
//
// It is linked once with each fuzz_*.cc. An input that violates a property aborts; it is first
// printed in hexadecimal, so that it can be turned into a test.
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/fuzz/target.h"

namespace assent::fuzz {
namespace {

constexpr int kMutations = 20'000;
constexpr size_t kLargest = 4'096;

std::string running;  // the input under test

void PrintInput(int) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const auto put = [](const char* text, size_t size) {
    if (write(STDERR_FILENO, text, size) < 0) _exit(1);
  };
  put("the input was: ", 15);
  for (const unsigned char byte : running) {
    const char pair[] = {kDigits[byte >> 4], kDigits[byte & 15]};
    put(pair, 2);
  }
  put("\n", 1);
}

void Feed(const std::string& input) {
  running = input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(running.data()), running.size());
}

class Mutations {
 public:
  explicit Mutations(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  std::string Next() {
    std::string bytes = Pick(seeds_);
    for (uint64_t n = 1 + Below(4); n > 0; --n) Change(bytes);
    if (bytes.size() > kLargest) bytes.resize(kLargest);
    return bytes;
  }

 private:
  // splitmix64: the same numbers in every run, on every machine.
  uint64_t Random() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t Below(size_t bound) { return static_cast<size_t>(Random() % bound); }
  const std::string& Pick(const std::vector<std::string>& from) { return from[Below(from.size())]; }

  char Byte() {
    static constexpr unsigned char kOften[] = {0,   1,   2,    '"',  '{',  '}', '[',
                                               ']', ',', ':',  '=',  '.',  '0', '9',
                                               '-', 'a', 0x7f, 0x80, 0xff, '\n'};
    return static_cast<char>(Below(2) == 0 ? kOften[Below(sizeof kOften)] : Below(256));
  }

  void Change(std::string& bytes) {
    if (bytes.empty()) {
      bytes.push_back(Byte());
      return;
    }
    const size_t at = Below(bytes.size());
    const size_t size = 1 + Below(std::min<size_t>(16, bytes.size() - at));
    switch (Below(7)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8))); return;
      case 1: bytes[at] = Byte(); return;
      case 2: bytes.erase(at, size); return;
      case 3: bytes.insert(at, 1, Byte()); return;
      case 4: bytes.insert(Below(bytes.size()), bytes.substr(at, size)); return;
      case 5: bytes.resize(at); return;
      default: {
        const std::string& other = Pick(seeds_);
        if (!other.empty()) bytes.replace(at, std::string::npos, other, Below(other.size()));
      }
    }
  }

  const std::vector<std::string> seeds_;
  uint64_t state_ = 20260131;
};

TEST(Replay, AcceptsEverySeed) {
  std::signal(SIGABRT, PrintInput);
  ASSERT_FALSE(Seeds().empty());
  for (const std::string& seed : Seeds()) Feed(seed);
}

TEST(Replay, AcceptsThousandsOfMutations) {
  std::signal(SIGABRT, PrintInput);
  Mutations mutations(Seeds());
  size_t bytes = 0;
  for (int i = 0; i < kMutations; ++i) {
    const std::string input = mutations.Next();
    bytes += input.size();
    Feed(input);
  }
  EXPECT_GT(bytes, 0u);
  std::printf("%d mutations of %zu seeds, %zu bytes\n", kMutations, Seeds().size(), bytes);
}

}  // namespace
}  // namespace assent::fuzz
