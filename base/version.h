// SPDX-License-Identifier: Apache-2.0
// The version of this build: what every program prints for --version.
#pragma once

#include <string>

namespace assent {

std::string Version();  // "1.2.3", the VERSION of project() in CMakeLists.txt

}  // namespace assent
