// SPDX-License-Identifier: Apache-2.0
// Texts of others, made fit to be kept and shown.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assent {

// The beginning of `text` that takes at most `most` bytes, cut between two characters; what is no
// UTF-8 becomes U+FFFD, a byte each. A string of a record must be UTF-8: its writer takes any
// bytes, its reader does not, and then the log is unreadable.
std::string ValidUtf8(std::string_view text, size_t most = std::string::npos);

}  // namespace assent
