// SPDX-License-Identifier: Apache-2.0
// Compares the codec with protobuf's own JSON conversion on random messages.
//
// Value, Row and JsonText are omitted, because they have their own JSON forms. Each text is parsed
// by the other side and the messages are compared, not the texts: protobuf writes 64-bit integers
// as strings, and the codec writes a few fields even if they have their default value.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <random>

#include "assent/v1/transactions.pb.h"
#include "server/json/codec.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;

class RandomMessages {
 public:
  explicit RandomMessages(uint64_t seed) : random_(seed) {}

  void Fill(pb::Message* message, int depth = 0) {
    const pb::Descriptor* type = message->GetDescriptor();
    for (int i = 0; i < type->field_count(); ++i) {
      const pb::FieldDescriptor* field = type->field(i);
      if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        if (field->message_type() == v1::Value::descriptor()) continue;
        if (field->message_type() == v1::Row::descriptor()) continue;
        if (field->message_type() == v1::JsonText::descriptor()) continue;
      }
      if (depth > 6 || Below(3) == 0) continue;
      if (field->is_repeated()) {
        for (uint64_t n = Below(4); n > 0; --n) Put(message, field, depth);
      } else {
        Put(message, field, depth);
      }
    }
  }
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::string Text() {
    static const char* const kPieces[] = {
        "a",    "Z",    "0",        "\"", "\\",          "/", "\n",           "\t",
        "\x01", "\x7f", "\xc3\xa9", " ",  "{",           "]", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        ",",    ":",    "\\u0041",  "<",  "\xe2\x80\xa8"};
    std::string text;
    for (uint64_t n = Below(20); n > 0; --n) text += kPieces[Below(std::size(kPieces))];
    return text;
  }

 private:
  uint64_t Integer() {
    switch (Below(4)) {
      case 0: return Below(10);
      case 1: return uint64_t{1} << Below(64);
      case 2: return ~uint64_t{0} - Below(3);
      default: return random_();
    }
  }

  void Put(pb::Message* message, const pb::FieldDescriptor* field, int depth) {
    const pb::Reflection* r = message->GetReflection();
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return Fill(many ? r->AddMessage(message, field) : r->MutableMessage(message, field),
                    depth + 1);
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return many ? r->AddString(message, field, Text()) : r->SetString(message, field, Text());
      case pb::FieldDescriptor::CPPTYPE_BOOL: return r->SetBool(message, field, Below(2) == 1);
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return r->SetEnumValue(
            message, field,
            field->enum_type()
                ->value(static_cast<int>(Below(field->enum_type()->value_count())))
                ->number());
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return r->SetInt64(message, field, static_cast<int64_t>(Integer()));
      case pb::FieldDescriptor::CPPTYPE_UINT64: return r->SetUInt64(message, field, Integer());
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return r->SetUInt32(message, field, static_cast<uint32_t>(Integer()));
      default: FAIL() << field->full_name() << " is of a type that this test does not know";
    }
  }

  std::mt19937_64 random_;
};

constexpr int kRounds = 3'000;
constexpr uint64_t kSeed = 20260131;

template <typename T>
void CompareBothWays() {
  RandomMessages random(kSeed);
  pb::util::JsonPrintOptions theirs;
  for (int round = 0; round < kRounds; ++round) {
    T message;
    random.Fill(&message);
    theirs.preserve_proto_field_names = round % 2 == 0;
    theirs.add_whitespace = round % 3 == 0;
    const std::string binary = message.SerializeAsString();

    std::string text;
    ASSERT_TRUE(pb::util::MessageToJsonString(message, &text, theirs).ok());
    T ours;
    const auto parsed = ParseJson(text, &ours);
    ASSERT_TRUE(parsed) << text << "\n" << parsed.error().field << ": " << parsed.error().message;
    ASSERT_EQ(ours.SerializeAsString(), binary) << text;

    const std::string written = WriteJson(message);
    T back;
    ASSERT_TRUE(pb::util::JsonStringToMessage(written, &back).ok()) << written;
    ASSERT_EQ(back.SerializeAsString(), binary) << written;
    T again;
    ASSERT_TRUE(ParseJson(written, &again)) << written;
    ASSERT_EQ(again.SerializeAsString(), binary) << written;
  }
}

TEST(JsonCodecAgainstProtobuf, ReadsAndWritesExecuteRequests) {
  CompareBothWays<v1::ExecuteRequest>();
}
TEST(JsonCodecAgainstProtobuf, ReadsAndWritesTransactions) { CompareBothWays<v1::Transaction>(); }
TEST(JsonCodecAgainstProtobuf, ReadsAndWritesProblems) { CompareBothWays<v1::Problem>(); }
TEST(JsonCodecAgainstProtobuf, ReadsAndWritesLists) { CompareBothWays<v1::ListResponse>(); }
TEST(JsonCodecAgainstProtobuf, ReadsAndWritesResources) {
  CompareBothWays<v1::ResourcesResponse>();
}

// Any damaged text that the codec accepts is accepted by protobuf too, with the same result.
TEST(JsonCodecAgainstProtobuf, AcceptsNothingThatProtobufRefuses) {
  RandomMessages random(kSeed);
  int accepted = 0;
  for (int round = 0; round < 10 * kRounds; ++round) {
    v1::ExecuteRequest message;
    random.Fill(&message);
    std::string text = WriteJson(message);
    const size_t at = random.Below(text.size());
    static constexpr std::string_view kBytes = "{}[],:\"\\ 0-.eatn\x01\xff";
    switch (random.Below(3)) {
      case 0: text.erase(at, 1 + random.Below(3)); break;
      case 1: text.insert(at, 1, kBytes[random.Below(kBytes.size())]); break;
      default: text[at] = kBytes[random.Below(kBytes.size())];
    }
    v1::ExecuteRequest ours;
    if (!ParseJson(text, &ours)) continue;
    ++accepted;
    v1::ExecuteRequest theirs;
    ASSERT_TRUE(pb::util::JsonStringToMessage(text, &theirs).ok()) << text;
    ASSERT_EQ(ours.SerializeAsString(), theirs.SerializeAsString()) << text;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace assent::server
