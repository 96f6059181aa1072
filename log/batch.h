// SPDX-License-Identifier: Apache-2.0
// Builds the sectors of one batch, and takes the records of a read one apart.
//
// Contract: Add any number of records, at least one, then Finish; Clear makes it ready for the next
// batch. The buffer is kept, so that a running log allocates nothing here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "log/format.h"

namespace assent::log {

class BatchBuilder {
 public:
  void Clear();
  void Add(RecordType type, std::string_view payload);
  uint64_t stream_bytes() const { return stream_bytes_; }
  uint64_t sectors() const { return SectorsOf(stream_bytes_); }
  // Seals every sector; what is returned lives until Clear.
  std::string_view Finish(uint64_t segment, uint64_t first_sector, Lsn first_lsn);

 private:
  void Put(std::string_view bytes);

  std::string buffer_;
  uint64_t stream_bytes_ = 0;
};

// One record as it was read. `payload` points into the batch.
struct RecordView {
  Lsn lsn = 0;
  RecordType type = RecordType::kPayload;
  std::string_view payload;
};

// `stream` is the bodies of a batch's sectors in order. False: it does not consist of whole records
// of known types; `visit` may have seen some by then.
bool ForEachRecord(std::string_view stream, Lsn first_lsn,
                   const std::function<void(const RecordView&)>& visit);

// The payload of a kReclaimed record.
std::string EncodeReclaimed(uint64_t below);
uint64_t DecodeReclaimed(std::string_view payload);  // 0 if it is none

}  // namespace assent::log
