// SPDX-License-Identifier: Apache-2.0
// Stores what JSON says in the fields of a protobuf message, through reflection.
//
// Contract: each Store function sets a single field, or adds to a repeated one. The type of the
// field is one that the codec knows (codec.h); another one is a CHECK.
// Errors: kInvalid; the message says what was expected, and nothing is stored.
// Threads: any, one at a time for each message.
#pragma once

#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Descriptor;
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace assent::server {

// The field of `type` with this proto name or camelCase name; null: there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type,
                                                   std::string_view key);

void StoreBool(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               bool truth);
// Into a string, a field of bytes (base64), or an enum (by name).
Result<void> StoreText(google::protobuf::Message* message,
                       const google::protobuf::FieldDescriptor* field, std::string_view text);
// Whether a 64-bit integer: only these may come as strings of digits too.
bool IsWideInteger(const google::protobuf::FieldDescriptor* field);
// Into an integer; `number` is the text of it.
Result<void> StoreInteger(google::protobuf::Message* message,
                          const google::protobuf::FieldDescriptor* field, std::string_view number);

}  // namespace assent::server
