// SPDX-License-Identifier: Apache-2.0
// Fuzzes the log's reader with damaged directories of two segments: it must accept only the durable
// prefix.
//
// A second reader, written from docs/log_format.md alone, must accept and refuse the same
// directories. After accidental damage, two starts on an accepted directory must succeed and find
// the same records.
#include "base/check.h"
#include "log/start.h"
#include "log/verify.h"
#include "tests/fuzz/log_image.h"
#include "tests/fuzz/target.h"

namespace assent::fuzz {
namespace {

using log::testing::MemoryFileSystem;

class CountingRandom final : public Random {
 public:
  uint64_t Next() override { return state_ += 0x9e3779b97f4a7c15; }

 private:
  uint64_t state_ = 4711;
};

log::Options LogOptions() {
  log::Options options;
  options.directory = "log";
  options.segment_bytes = 4096;
  options.ballast_bytes = 0;
  return options;
}

// Returns nothing if the directory is refused.
std::optional<std::vector<PlainRecord>> Read(MemoryFileSystem& disk, bool start) {
  auto recovered = log::Open(disk, LogOptions());
  if (!recovered) {
    CHECK(recovered.error().code == ErrorCode::kDamaged) << recovered.error().message;
    return {};
  }
  std::vector<PlainRecord> records;
  std::vector<std::string> payloads;
  const auto read = recovered->ForEach([&](log::Lsn lsn, std::string_view payload) {
    records.push_back({lsn, 1, std::string(payload)});
    payloads.emplace_back(payload);
  });
  CHECK(read) << "the accepted directory cannot be read: " << read.error().message;
  CHECK(payloads.size() == recovered->records());
  if (start) {
    CountingRandom random;
    const auto started = log::StartWriter(disk, std::move(*recovered), payloads, random);
    CHECK(started) << started.error().message;
  }
  return records;
}

void CheckPrefix(const std::vector<PlainRecord>& records, const std::vector<std::string>& durable) {
  CHECK(records.size() <= durable.size());
  for (size_t i = 0; i < records.size(); ++i) CHECK(records[i].payload == durable[i]) << i;
}

// `assent log verify` must refuse the same directories as a start.
void CheckVerify(MemoryFileSystem& disk, bool accepted) {
  size_t dumped = 0;
  const auto report =
      log::Dump(disk, "log", [&](const log::DumpedRecord& record) { dumped += record.lsn > 0; });
  CHECK(report && report->refusal.has_value() != accepted);
}

}  // namespace

std::vector<std::string> Seeds() {
  using namespace std::string_literals;
  std::vector<std::string> seeds;
  for (char which = 0; which < static_cast<char>(kTwoSegments); ++which) {
    const std::string one(1, which);
    for (const std::string& program : {
             ""s,
             "\x01\x01\x03\x01"s,      // a sector of the newer segment zeroed
             "\x01\x00\x03\x01"s,      // a sector of the older segment zeroed
             "\x05\x00"s,              // the older segment deleted
             "\x05\x01"s,              // the newer segment deleted
             "\x09\x01\x02\x10\x05"s,  // one bit flipped
             "\x01\x01\x00\x07"s,      // the newer segment unused again
             "\x07\x01\x00\x2c\x09"s,  // forged: another incarnation
             "\x07\x01\x00\x4d\x04"s,  // forged: the end of the older segment
             "\x06\x01\x02"s,          // renamed to another number
         }) {
      seeds.push_back(one + program);
    }
  }
  return seeds;
}

}  // namespace assent::fuzz

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  using namespace assent::fuzz;
  if (size == 0) return 0;
  const std::string_view program(reinterpret_cast<const char*>(data + 1), size - 1);
  const BaseLog& base = TwoSegments(data[0] % kTwoSegments);
  const Damaged damaged = Damage(base, program);
  MemoryFileSystem disk;
  Store(damaged.image, "log", &disk);
  const auto plain = ReadDirectoryPlainly(damaged.image);
  const auto read = Read(disk, false);
  CHECK(plain.has_value() == read.has_value()) << "only one of the readers refuses it";
  CheckVerify(disk, read.has_value());
  if (!read) return 0;
  CHECK(*plain == *read);
  if (damaged.forged) return 0;
  CheckPrefix(*read, base.payloads);
  for (int round = 0; round < 2; ++round) {
    const auto again = Read(disk, true);
    CHECK(again && again->size() == read->size()) << "start " << round;
    CheckPrefix(*again, base.payloads);
  }
  return 0;
}
