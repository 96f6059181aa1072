// Any text into the JSON codec: what it accepts it must write and read again to the same message.
#include <string_view>

#include "assent/v1/transactions.pb.h"
#include "base/check.h"
#include "server/json/codec.h"

namespace {

template <typename T>
void ReadAndWrite(std::string_view json) {
  T message;
  if (!assent::server::ParseJson(json, &message)) return;
  CHECK(assent::server::CheckMessage(message)) << "read what may not come as protobuf";
  const std::string written = assent::server::WriteJson(message);
  T again;
  CHECK(assent::server::ParseJson(written, &again)) << written;
  CHECK(again.SerializeAsString() == message.SerializeAsString()) << written;
  CHECK(assent::server::Fingerprint(again) == assent::server::Fingerprint(message)) << written;
}

}  // namespace

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
