// SPDX-License-Identifier: Apache-2.0
#include "participants/odbc/message.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"

namespace assent::odbc {
namespace {

// On one line and with bounded length.
std::string Part(std::string_view text) {
  std::string part(text);
  for (char& c : part) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  const size_t begin = std::min(part.find_first_not_of(' '), part.size());
  part.erase(0, begin);
  while (!part.empty() && (part.back() == ' ' || part.back() == ';')) part.pop_back();
  if (part.size() <= kLongestPart) return part;
  return std::string(CutUtf8(part, kLongestPart)) + "…";
}

}  // namespace

std::string MessageOf(std::string text) {
  const size_t driver = text.rfind(";\nError while ");
  if (driver != std::string::npos) text.resize(driver);
  for (const std::string_view severity : {"ERROR: ", "FATAL: ", "WARNING: ", "PANIC: "}) {
    if (text.rfind(severity, 0) == 0) text.erase(0, severity.size());
  }
  constexpr std::string_view kDetail = "\nDETAIL: ", kHint = "\nHINT: ";
  const size_t detail = text.find(kDetail);
  const size_t hint = text.find(kHint, detail == std::string::npos ? 0 : detail);
  std::string message = Part(std::string_view(text).substr(0, std::min(detail, hint)));
  if (detail != std::string::npos) {
    const size_t from = detail + kDetail.size();
    const size_t size = hint == std::string::npos ? hint : hint - from;
    message += "; DETAIL: " + Part(std::string_view(text).substr(from, size));
  }
  if (hint != std::string::npos) {
    message += "; HINT: " + Part(std::string_view(text).substr(hint + kHint.size()));
  }
  return message;
}

}  // namespace assent::odbc
