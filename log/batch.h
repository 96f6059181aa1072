// SPDX-License-Identifier: Apache-2.0
// Encodes records into the sectors of one batch, and decodes a batch that was read.
//
// Contract: Add at least one record, then call Finish; Clear prepares the builder for the next
// batch. The builder keeps its buffer, so a running log does not allocate memory here.
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
  // Seals every sector. The result is valid until Clear.
  std::string_view Finish(uint64_t segment, uint64_t first_sector, Lsn first_lsn);

 private:
  void Put(std::string_view bytes);

  std::string buffer_;
  uint64_t stream_bytes_ = 0;
};

// One decoded record. `payload` points into the batch.
struct RecordView {
  Lsn lsn = 0;
  RecordType type = RecordType::kPayload;
  std::string_view payload;
};

// Visits the records in `stream`, the concatenated bodies of a batch's sectors. Returns false if
// the stream does not consist of whole records of known types; `visit` may have been called for
// some records before that.
bool ForEachRecord(std::string_view stream, Lsn first_lsn,
                   const std::function<void(const RecordView&)>& visit);

// The payload of a kReclaimed record.
std::string EncodeReclaimed(uint64_t below);
uint64_t DecodeReclaimed(std::string_view payload);  // 0 if it is malformed

}  // namespace assent::log
