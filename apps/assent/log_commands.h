// SPDX-License-Identifier: Apache-2.0
// `assent log dump` and `assent log verify`: what stands in a log directory, for people and
// programs. They change nothing and need no daemon.
#pragma once

#include <string>
#include <string_view>

namespace assent::cli {

// A line a record: segment, lsn, kind, gtrid, and the record's fields. With `json` an object a
// line. Exit codes: kOk, or kError when the log is damaged or cannot be read.
int DumpLog(const std::string& directory, bool json);
int VerifyLog(const std::string& directory, bool json);

// The fields of an encoded assent.log.v1.Record as text: "commit gid=g branches=[{number=1 …}]".
std::string DescribeRecord(std::string_view payload);

}  // namespace assent::cli
