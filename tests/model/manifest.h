// SPDX-License-Identifier: Apache-2.0
// The expected number of states and transitions of each configuration, as it stands in
// manifest.txt.
//
// A change of the protocol changes the numbers; whoever makes it writes them anew
// (`model --rewrite`) and says why in the commit.
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

std::string ManifestPath();                    // ASSENT_SOURCE_DIR, or the directory we stand in
Manifest ReadManifest();                       // empty: there is none
bool WriteManifest(const Manifest& manifest);  // in the order of the configurations
// Empty: as expected. Else what differs, and what to do.
std::string Difference(const Manifest& manifest, const std::string& name, const Counts& counts);

}  // namespace assent::model
