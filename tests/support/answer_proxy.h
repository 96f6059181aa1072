// SPDX-License-Identifier: Apache-2.0
// A TCP proxy in front of a MariaDB server that ends the answer to one statement early.
//
// Contract: everything passes unchanged, except for the one answer that EndNext asks for. Without
// TLS and compression.
// Threads: one accepts, one for each direction of each connection; the destructor ends them all.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace assent::test {

class AnswerProxy {
 public:
  enum class End {
    kError,  // error 1317 comes instead of the next row, and the connection lives on
    kCut     // the connection ends
  };

  explicit AnswerProxy(int server_port);
  ~AnswerProxy();
  AnswerProxy(const AnswerProxy&) = delete;
  AnswerProxy& operator=(const AnswerProxy&) = delete;

  int port() const { return port_; }
  // The answer to the next statement that contains `text` ends so, behind its column header and
  // `rows` rows, or behind as many as it has. Once.
  void EndNext(std::string text, int rows, End end);
  bool has_ended() const { return has_ended_; }

 private:
  struct Line {
    int client = -1, server = -1;
    std::thread there, back;
    // Set before the statement is passed on, read when its answer comes.
    std::atomic<bool> is_chosen{false};
  };
  // Where the answer that is to end early has got to.
  struct Answer {
    enum class Part { kHeader, kRows, kThrownAway } part = Part::kHeader;
    int rows = 0;
    std::string bytes;  // a packet that has not come as a whole
  };

  void Accept();
  void CarryThere(Line& line);
  void CarryBack(Line& line);
  // What the client is sent of `answer.bytes`; takes whole packets off it. False: cut.
  bool Take(Line& line, Answer& answer, std::string& sent);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::string text_;
  int rows_ = 0;
  End end_ = End::kError;
  std::atomic<bool> has_ended_{false};
  std::list<Line> lines_;  // grows on the acceptor's thread; read when that has ended
  std::thread acceptor_;
};

}  // namespace assent::test
