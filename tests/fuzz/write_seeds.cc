// SPDX-License-Identifier: Apache-2.0
// Writes the seeds into the corpus before libFuzzer reads it, so that they need not be checked in.
#include <filesystem>
#include <fstream>

#include "tests/fuzz/target.h"

// The first directory among the arguments is the corpus.
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  for (int i = 1; i < *count; ++i) {
    const std::filesystem::path corpus = (*arguments)[i];
    if (!std::filesystem::is_directory(corpus)) continue;
    int number = 0;
    for (const std::string& seed : assent::fuzz::Seeds()) {
      std::ofstream file(corpus / ("seed-" + std::to_string(++number)), std::ios::binary);
      file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
    }
    break;
  }
  return 0;
}
