// SPDX-License-Identifier: Apache-2.0
// A queue of log lines to be written: one bounded queue for errors and one for all other lines, so
// that a flood of other lines never displaces an error.
//
// Contract: lines that do not fit are dropped and counted. Pop returns the lines of both queues in
// the order in which they were pushed. is_at_gap is true, until TakeDropped, once all lines pushed
// before the first dropped one have been popped: report the dropped lines there.
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
  // The limits apply to each of the two queues.
  LineQueue(size_t most_lines, size_t most_bytes)
      : most_lines_(most_lines), most_bytes_(most_bytes) {}

  void Push(bool is_error, std::string line);
  bool empty() const { return errors_.lines.empty() && others_.lines.empty(); }
  // The queue must not be empty.
  std::string Pop();
  // From now on Pop returns errors before all other lines, which there may be no time to write.
  void PutErrorsFirst() { errors_first_ = true; }
  bool is_at_gap() const;
  // The numbers of lines dropped since the last call.
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
  uint64_t gap_ = 0;  // the lines from this number on were pushed after the first dropped one
  Dropped dropped_;
};

}  // namespace assent
