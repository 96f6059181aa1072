// SPDX-License-Identifier: Apache-2.0
// Lines that wait to be written: two bounded queues, so that a flood of lines of lower levels never
// displaces an error.
//
// Contract: what does not fit is dropped and counted. Pop gives the lines in the order in which
// they came, over both queues. Once all lines that came before the first dropped one have been
// popped, is_at_gap is true until TakeDropped: the place at which to report what was dropped.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace assent {

class LineQueue {
 public:
  struct Dropped {
    uint64_t errors = 0, others = 0;
  };
  // Of each queue.
  LineQueue(size_t most_lines, size_t most_bytes)
      : most_lines_(most_lines), most_bytes_(most_bytes) {}

  void Push(bool is_error, std::string line);
  bool empty() const { return errors_.lines.empty() && others_.lines.empty(); }
  // Not while it is empty.
  std::string Pop();
  // From now on errors leave before all other lines: there may be no time for those.
  void PutErrorsFirst() { errors_first_ = true; }
  bool is_at_gap() const;
  // What was dropped since the last call.
  Dropped TakeDropped();

 private:
  struct Line {
    uint64_t number;
    std::string text;
  };
  struct Queue {
    std::deque<Line> lines;
    size_t bytes = 0;
  };

  const size_t most_lines_, most_bytes_;
  Queue errors_, others_;
  bool errors_first_ = false;
  uint64_t next_ = 0;
  uint64_t gap_ = 0;  // the lines from this number on came after the first that was dropped
  Dropped dropped_;
};

}  // namespace assent
