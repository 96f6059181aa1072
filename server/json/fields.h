// SPDX-License-Identifier: Apache-2.0
// Stores JSON values in the fields of a protobuf message, through reflection.
//
// Contract: each Store function sets a singular field, or appends to a repeated one. A field of a
// type that the codec does not support (codec.h) fails a CHECK.
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

// Returns the field of `type` with this proto name or camelCase name; null if there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type,
                                                   std::string_view key);

void StoreBool(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
               bool truth);
// Stores to a string field, a bytes field (from base64), or an enum field (by name).
Result<void> StoreText(google::protobuf::Message* message,
                       const google::protobuf::FieldDescriptor* field, std::string_view text);
// Returns whether the field is a 64-bit integer, which JSON may also write as a string of digits.
bool IsWideInteger(const google::protobuf::FieldDescriptor* field);
// Stores to an integer field; `number` is its text.
Result<void> StoreInteger(google::protobuf::Message* message,
                          const google::protobuf::FieldDescriptor* field, std::string_view number);

}  // namespace assent::server
