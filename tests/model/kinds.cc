// SPDX-License-Identifier: Apache-2.0
#include "tests/model/kinds.h"

namespace assent::model {

#define ASSENT_MODEL_TEXT(name, text) text,
#define ASSENT_MODEL_WORD(name, text) #name,

const char* Name(Invariant invariant) {
  static constexpr const char* kTexts[] = {ASSENT_MODEL_INVARIANTS(ASSENT_MODEL_TEXT)};
  return kTexts[static_cast<int>(invariant)];
}

const char* Name(SeededBug bug) {
  static constexpr const char* kTexts[] = {ASSENT_MODEL_SEEDED_BUGS(ASSENT_MODEL_TEXT)};
  return kTexts[static_cast<int>(bug)];
}

const char* Word(SeededBug bug) {
  static constexpr const char* kWords[] = {ASSENT_MODEL_SEEDED_BUGS(ASSENT_MODEL_WORD)};
  return kWords[static_cast<int>(bug)];
}

}  // namespace assent::model
