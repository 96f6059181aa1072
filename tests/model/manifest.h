// SPDX-License-Identifier: Apache-2.0
// The expected number of states and transitions of each configuration, from manifest.txt.
//
// A change of the protocol changes the numbers. The author of the change rewrites them
// (`model --rewrite`) and gives the reason in the commit message.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace assent::model {

struct Counts {
  uint64_t states = 0, transitions = 0;
  bool operator==(const Counts&) const = default;
};
using Manifest = std::map<std::string, Counts>;

std::string ManifestPath();                    // below ASSENT_SOURCE_DIR or the working directory
Manifest ReadManifest();                       // empty if the file does not exist
bool WriteManifest(const Manifest& manifest);  // in the order of the configurations
// Empty if the counts are as expected; otherwise the difference and what to do.
std::string Difference(const Manifest& manifest, const std::string& name, const Counts& counts);

}  // namespace assent::model
