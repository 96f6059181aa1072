// SPDX-License-Identifier: Apache-2.0
// JSON to protobuf messages and back, strictly and exactly.
//
// Contract: one codec over reflection for messages of strings, bytes, booleans, integers, enums and
// messages (no float, no map: a CHECK). Names are the proto names; camelCase is understood too.
// assent.v1.Value and Row have forms of their own: 7, "text", true, null, 1.25 (its digits are
// kept), {"bytes": "<base64>"}; a Row is an array of them. Reading is strict: exact types, no
// unknown field, no repeated key, no second member of a oneof, nothing after the document, UTF-8
// throughout. 64-bit fields may be numbers or strings of digits; enums go by name.
// Units and ranges: nesting is bounded by the message type itself.
// Errors: kInvalid; `message` says what was expected, `field` is the path of what is at fault, such
// as `atomic.branches[1].xa.statements[0].sql` (empty: the document as a whole).
// Threads: any; buffers are kept per thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Message;
}

namespace assent::server {

// `message` is cleared first; after an error what it holds means nothing.
Result<void> ParseJson(std::string_view json, google::protobuf::Message* message);

// Valid JSON whatever the message holds: bytes in a string that are no UTF-8 become U+FFFD. Fields
// that are not set are left out, but for the few that a reader counts on (docs/api.md).
std::string WriteJson(const google::protobuf::Message& message);
void AppendJson(const google::protobuf::Message& message, std::string* to);

// The same without the fields `gid` and `issued_at` of the message itself.
std::string WriteCanonicalJson(const google::protobuf::Message& message);

// What ParseJson would refuse in a message that came as protobuf: unknown fields or enumerators, a
// Value that holds nothing, a decimal that is no JSON number, an unsigned integer that fits the
// signed one, a JsonText that is no JSON. What passes is as ParseJson makes it.
Result<void> CheckMessage(google::protobuf::Message* message);

// 16 bytes that stand for the request's content: SHA-256 over its canonical JSON, without the
// fields `gid` and `issued_at`. The same for a JSON and a protobuf body of the same content.
std::string Fingerprint(const google::protobuf::Message& message);

}  // namespace assent::server
