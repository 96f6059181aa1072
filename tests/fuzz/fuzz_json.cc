// SPDX-License-Identifier: Apache-2.0
// Fuzzes the JSON codec: any message that it accepts, it must write and read again unchanged.
#include <string_view>

#include "assent/v1/transactions.pb.h"
#include "base/check.h"
#include "server/json/codec.h"
#include "tests/fuzz/target.h"

namespace {

template <typename T>
void ReadAndWrite(std::string_view json) {
  T message;
  if (!assent::server::ParseJson(json, &message)) return;
  CHECK(assent::server::CheckMessage(&message)) << "accepted a message that is refused as protobuf";
  const std::string written = assent::server::WriteJson(message);
  T again;
  CHECK(assent::server::ParseJson(written, &again)) << written;
  CHECK(again.SerializeAsString() == message.SerializeAsString()) << written;
  CHECK(assent::server::Fingerprint(again) == assent::server::Fingerprint(message)) << written;
}

}  // namespace

// The first byte selects the message type.
std::vector<std::string> assent::fuzz::Seeds() {
  return {
      R"(0{"gid":"g1","deadline":"5s","issued_at":"2026-01-31T12:00:00Z","atomic":{"branches":[)"
      R"({"name":"pc","xa":{"resource":"a","isolation":"SERIALIZABLE","read_only":true,)"
      R"("statements":[{"sql":"UPDATE t SET a = ?","parameters":[7,"x",null,true,-1.25,)"
      R"(18446744073709551615,{"bytes":"AAEC"}],"expect_rows":1}]}}]}})",
      R"(1{"seq":1,"statements":[{"sql":"SELECT \u00e9\ud83d\ude00","expectRows":"2"}]})",
      R"(2{"gid":"g1","kind":"ATOMIC","state":"COMMITTED","outcome":"COMMITTED","branches":[)"
      R"({"name":"pc","state":"COMMITTED","results":[{"affected":1,"rows":[[1,"b",null]]}]}]})",
      R"(3{"resources":[{"name":"a","driver":"mysql","state":"UP","in_doubt":2}]})",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: ReadAndWrite<assent::v1::ExecuteRequest>(json); break;
    case 1: ReadAndWrite<assent::v1::RunRequest>(json); break;
    case 2: ReadAndWrite<assent::v1::Transaction>(json); break;
    default: ReadAndWrite<assent::v1::ResourcesResponse>(json);
  }
  return 0;
}
