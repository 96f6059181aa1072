// SPDX-License-Identifier: Apache-2.0
#include "base/line_queue.h"

#include <utility>

namespace assent {

void LineQueue::Push(bool is_error, std::string line) {
  Queue& queue = is_error ? errors_ : others_;
  if (queue.lines.size() >= most_lines_ || queue.bytes + line.size() > most_bytes_) {
    if (dropped_.errors + dropped_.others == 0) gap_ = next_;
    ++(is_error ? dropped_.errors : dropped_.others);
    return;
  }
  queue.bytes += line.size();
  queue.lines.push_back({next_++, std::move(line)});
}

std::string LineQueue::Pop() {
  const bool error =
      !errors_.lines.empty() && (errors_first_ || others_.lines.empty() ||
                                 errors_.lines.front().number < others_.lines.front().number);
  Queue& queue = error ? errors_ : others_;
  std::string text = std::move(queue.lines.front().text);
  queue.lines.pop_front();
  queue.bytes -= text.size();
  return text;
}

bool LineQueue::is_at_gap() const {
  if (dropped_.errors + dropped_.others == 0) return false;
  for (const Queue* queue : {&errors_, &others_}) {
    if (!queue->lines.empty() && queue->lines.front().number < gap_) return false;
  }
  return true;
}

LineQueue::Dropped LineQueue::TakeDropped() { return std::exchange(dropped_, {}); }

}  // namespace assent
