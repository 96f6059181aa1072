// SPDX-License-Identifier: Apache-2.0
// Parameters of a statement as words of the command line.
#pragma once

#include <string>

#include "assent/v1/transactions.pb.h"

namespace assent::cli {

// 7 and -7 are integers, 1.5 a decimal, true, false and null what they say; everything else is
// text. In double quotes it is always text: "7". A leading zero makes text too: 007.
v1::Value ParseParameter(const std::string& word);

}  // namespace assent::cli
