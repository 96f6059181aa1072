// SPDX-License-Identifier: Apache-2.0
#include "tests/model/manifest.h"

#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "tests/model/setups.h"

namespace assent::model {

std::string ManifestPath() {
  const char* source = std::getenv("ASSENT_SOURCE_DIR");
  return std::string(source == nullptr ? "." : source) + "/tests/model/manifest.txt";
}

Manifest ReadManifest() {
  Manifest manifest;
  std::ifstream file(ManifestPath());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name;
    Counts counts;
    if (words >> name >> counts.states >> counts.transitions) manifest[name] = counts;
  }
  return manifest;
}

bool WriteManifest(const Manifest& manifest) {
  std::ofstream file(ManifestPath());
  file << "# What the model check reaches; written by `model --rewrite` (docs/proof.md).\n"
       << "# configuration        states  transitions\n";
  for (const Setup& setup : Setups()) {
    const auto counts = manifest.find(setup.name);
    if (counts == manifest.end()) continue;
    file << std::left << std::setw(20) << setup.name << std::right << std::setw(9)
         << counts->second.states << std::setw(13) << counts->second.transitions << "\n";
  }
  return file.good();
}

std::string Difference(const Manifest& manifest, const std::string& name, const Counts& counts) {
  const auto expected = manifest.find(name);
  if (expected != manifest.end() && expected->second == counts) return {};
  std::ostringstream text;
  text << name << " has " << counts.states << " states and " << counts.transitions
       << " transitions; the manifest has ";
  if (expected == manifest.end()) {
    text << "no entry for it";
  } else {
    text << expected->second.states << " and " << expected->second.transitions;
  }
  text << ". If the change is intended, run build/dev/bin/model --rewrite (with --full for the "
          "large "
          "configurations) and give the reason in the commit message";
  return text.str();
}

}  // namespace assent::model
