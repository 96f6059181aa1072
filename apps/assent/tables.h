// SPDX-License-Identifier: Apache-2.0
// Formats the messages of the API as text for people.
#pragma once

#include <string>
#include <vector>

#include "assent/v1/transactions.pb.h"

namespace assent::cli {

// Pads each column to its widest cell and puts the header above; no trailing spaces. A control
// character in a cell is printed as a question mark.
std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows);

std::string FormatValue(const v1::Value& value);
std::string FormatResults(const google::protobuf::RepeatedPtrField<v1::StatementResult>& results);
std::string Format(const v1::Transaction& transaction);
std::string Format(const v1::ListResponse& list);
std::string Format(const v1::ResourcesResponse& resources);
std::string Format(const v1::ResourceView& resource);
std::string Format(const v1::CheckResponse& check);
std::string Format(const v1::RunResponse& response);
// The field, the message and the type on one line; then the cause and the branches, if any.
std::string Format(const v1::Problem& problem);

}  // namespace assent::cli
