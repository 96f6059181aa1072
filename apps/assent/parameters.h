// SPDX-License-Identifier: Apache-2.0
// Parses the parameters of a statement from the command line.
#pragma once

#include <string>

#include "assent/v1/transactions.pb.h"

namespace assent::cli {

// 7 and -7 are integers, 1.5 is a decimal, true, false and null are literals; everything else is
// text. A word in double quotes is always text: "7". So is one with a leading zero: 007.
v1::Value ParseParameter(const std::string& word);

}  // namespace assent::cli
