// SPDX-License-Identifier: Apache-2.0
// Converts JSON to protobuf messages and back, strictly and without loss.
//
// Contract: the codec uses reflection, for messages of strings, bytes, booleans, integers, enums
// and messages (a float or a map fails a CHECK). Names are the proto names; camelCase is accepted
// too. assent.v1.Value and Row have their own forms: 7, "text", true, null, 1.25 (all digits are
// kept), {"bytes": "<base64>"}; a Row is an array of them. Parsing is strict: exact types, no
// unknown field, no duplicate key, no second member of a oneof, nothing after the document, valid
// UTF-8. 64-bit fields may be numbers or strings of digits; enums are given by name.
// Units and ranges: the message type itself limits the nesting.
// Errors: kInvalid; `message` says what was expected, `field` is the path of the invalid value,
// such as `atomic.branches[1].xa.statements[0].sql` (empty: the document as a whole).
// Threads: any; buffers are kept per thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace google::protobuf {
class Message;
}

namespace assent::server {

// Clears `message` first. After an error its content is undefined.
Result<void> ParseJson(std::string_view json, google::protobuf::Message* message);

// Writes valid JSON for any message: invalid UTF-8 in a string becomes U+FFFD. Unset fields are
// omitted, except for a few that clients rely on (docs/api.md).
std::string WriteJson(const google::protobuf::Message& message);
void AppendJson(const google::protobuf::Message& message, std::string* to);

// The same without the fields `gid` and `issued_at` of the message itself.
std::string WriteCanonicalJson(const google::protobuf::Message& message);

// Applies the rules of ParseJson to a message that was received as protobuf. Refuses unknown fields
// and enumerators, an empty Value, a decimal that is not a JSON number, an unsigned integer that
// fits into the signed one, and a JsonText that is not JSON. A message that passes is the same as
// ParseJson would make it.
Result<void> CheckMessage(google::protobuf::Message* message);

// Returns 16 bytes that identify the content of a request: SHA-256 over the message's name and its
// canonical JSON, truncated. A JSON and a protobuf body with the same content have the same one.
std::string Fingerprint(const google::protobuf::Message& message);

}  // namespace assent::server
