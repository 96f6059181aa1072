// SPDX-License-Identifier: Apache-2.0
// Effects as text, one line each, for traces and tests. Branches are numbered from 1.
//
//   append commit force #1
//   call commit b1 decided
#pragma once

#include <string>

#include "core/effects.h"

namespace assent::core {

std::string ToText(const Effect& effect);
std::string ToText(const Effects& effects);  // one line each, no line feed at the end

}  // namespace assent::core
