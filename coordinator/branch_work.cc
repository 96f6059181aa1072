// SPDX-License-Identifier: Apache-2.0
#include "coordinator/branch_work.h"

#include <algorithm>
#include <string_view>

namespace assent::coordinator {

std::string Partner::Shown() const {
  constexpr std::string_view kTry = "/try";
  std::string_view url = urls.try_url;
  url = url.substr(0, url.find('?'));
  if (url.ends_with(kTry)) url.remove_suffix(kTry.size());
  return std::string(url);
}

// Twice, because both the open record and the commit record contain it.
size_t Partner::HeldBytes() const {
  constexpr size_t kFraming = 64;
  return 2 * (urls.try_url.size() + urls.confirm_url.size() + urls.cancel_url.size() +
              payload.content_type.size() + payload.bytes.size() + kFraming);
}

bool IsNewRetry(BranchWork& work, const std::string& kind) {
  constexpr size_t kMaxKinds = 16;
  std::vector<std::string>& said = work.logged_retry_kinds;
  if (said.size() >= kMaxKinds || std::find(said.begin(), said.end(), kind) != said.end()) {
    return false;
  }
  said.push_back(kind);
  return true;
}

}  // namespace assent::coordinator
