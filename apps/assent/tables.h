// SPDX-License-Identifier: Apache-2.0
// The messages of the API as text for people.
#pragma once

#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"

namespace assent::cli {

// Columns padded to their widest cell, a header above; no trailing spaces. Control characters in
// cells are shown as a question mark.
std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows);

std::string FormatValue(const v1::Value& value);
std::string FormatResults(const google::protobuf::RepeatedPtrField<v1::StatementResult>& results);
std::string Format(const v1::Transaction& transaction);
std::string Format(const v1::ListResponse& list);
std::string Format(const v1::ResourcesResponse& resources);
std::string Format(const v1::ResourceView& resource);
std::string Format(const v1::RunResponse& response);
// One sentence, the field and the type; then the cause and the branches where there are some.
std::string Format(const v1::Problem& problem);

}  // namespace assent::cli
