// SPDX-License-Identifier: Apache-2.0
#include "apps/assentd/config_table.h"

#include <set>
#include <sstream>
#include <stdexcept>

// Some malformed documents fail an assertion of the parser instead of returning an error (toml++
// 3.3: `[[,a]]`). The assertion throws here, because a malformed file must not abort the process.
namespace assent::daemon {
[[noreturn]] inline void ThrowParseError(const char* expression) {
  throw std::logic_error(expression);
}
}  // namespace assent::daemon
#define TOML_ASSERT(expr) ((expr) ? (void)0 : ::assent::daemon::ThrowParseError(#expr))
#include <toml++/toml.h>

namespace assent::daemon {

struct ConfigDocument::State {
  toml::table root;
  Error error;
};

struct ConfigTable::State {
  const toml::table* table;  // null: the table is missing
  std::string path;
  Error* error;
  std::set<std::string> known = {};  // the keys that were looked up

  const toml::node* Find(const std::string& key) {
    known.insert(key);
    return table == nullptr ? nullptr : table->get(key);
  }
  std::string PathOf(const std::string& key) const {
    return path.empty() || key.empty() ? path + key : path + "." + key;
  }
};

Result<ConfigDocument> ConfigDocument::Parse(std::string_view text, const std::string& name) {
  auto state = std::make_shared<State>();
  try {
    state->root = toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    std::ostringstream where;
    where << e.description() << " (line " << e.source().begin.line << ", column "
          << e.source().begin.column << ")";
    return Error{ErrorCode::kInvalid, where.str(), name};
  } catch (const std::logic_error&) {
    return Error{ErrorCode::kInvalid, "is not valid TOML: a key begins with an invalid character",
                 name};
  }
  return ConfigDocument(std::move(state));
}

ConfigTable ConfigDocument::Root() const {
  return ConfigTable(
      std::make_shared<ConfigTable::State>(ConfigTable::State{&state_->root, "", &state_->error}));
}

const Error& ConfigDocument::error() const { return state_->error; }

void ConfigTable::Read(const std::string& key, std::string* to) {
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return;
  const auto value = node->value_exact<std::string>();
  if (!value) return Fail(key, "must be a string");
  *to = *value;
}

void ConfigTable::Read(const std::string& key, bool* to) {
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return;
  const auto value = node->value_exact<bool>();
  if (!value) return Fail(key, "must be true or false");
  *to = *value;
}

bool ConfigTable::ReadInteger(const std::string& key, int64_t low, int64_t high, int64_t* to) {
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return false;
  const auto value = node->value_exact<int64_t>();
  if (!value || *value < low || *value > high) {
    Fail(key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return false;
  }
  *to = *value;
  return true;
}

void ConfigTable::ReadDuration(const std::string& key, Duration* to) {
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return;
  const auto parsed = ParseDuration(node->value_exact<std::string>().value_or(""));
  if (!parsed || *parsed <= Duration::zero()) {
    return Fail(key, "must be a duration greater than zero, such as \"5s\" or \"500ms\"");
  }
  *to = *parsed;
}

void ConfigTable::ReadMilliseconds(const std::string& key, uint32_t* to) {
  Duration value = std::chrono::milliseconds(*to);
  ReadDuration(key, &value);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
  if (ms < 1 || ms > 3'600'000) return Fail(key, "must be between 1ms and 1h");
  *to = static_cast<uint32_t>(ms);
}

void ConfigTable::ReadStrings(const std::string& key, std::vector<std::string>* to) {
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return Fail(key, "must be an array of strings");
  to->clear();
  for (const toml::node& element : *array) {
    const auto value = element.value_exact<std::string>();
    if (!value) return Fail(key, "must be an array of strings");
    to->push_back(*value);
  }
}

bool ConfigTable::Exists() const { return state_->table != nullptr; }

bool ConfigTable::Has(const std::string& key) { return state_->Find(key) != nullptr; }

ConfigTable ConfigTable::Child(const std::string& key) {
  const toml::node* node = state_->Find(key);
  if (node != nullptr && !node->is_table()) Fail(key, "must be a table: [" + key + "]");
  return ConfigTable(std::make_shared<State>(
      State{node == nullptr ? nullptr : node->as_table(), state_->PathOf(key), state_->error}));
}

std::vector<ConfigTable> ConfigTable::Children(const std::string& key) {
  std::vector<ConfigTable> children;
  const toml::node* node = state_->Find(key);
  if (node == nullptr) return children;
  const std::string path = state_->PathOf(key);
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    Fail(key, "must be an array of tables: [[" + path + "]]");
    return children;
  }
  for (size_t i = 0; i < array->size(); ++i) {
    const std::string at = path + "[" + std::to_string(i) + "]";
    children.push_back(
        ConfigTable(std::make_shared<State>(State{array->get(i)->as_table(), at, state_->error})));
  }
  return children;
}

void ConfigTable::Fail(const std::string& key, const std::string& what) {
  if (!state_->error->message.empty()) return;
  state_->error->field = state_->PathOf(key);
  state_->error->message = what;
}

void ConfigTable::RefuseUnknown() {
  if (state_->table == nullptr) return;
  for (const auto& [key, node] : *state_->table) {
    if (state_->known.count(std::string(key.str())) > 0) continue;
    std::string allowed;
    for (const auto& name : state_->known) allowed += (allowed.empty() ? "" : ", ") + name;
    Fail(key.empty() ? "\"\"" : std::string(key.str()),
         "unknown key; the keys of this table are: " + allowed);
  }
}

}  // namespace assent::daemon
