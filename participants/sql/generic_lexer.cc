// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/generic_lexer.h"

#include <string>

#include "base/number.h"

namespace assent::sql {
namespace {

Error Invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  Result<std::vector<Token>> Run() {
    if (sql_.find('\0') != std::string_view::npos) return Invalid("a NUL byte in the statement");
    while (at_ < sql_.size()) {
      const Result<void> done = Next();
      if (!done) return done.error();
    }
    return std::move(tokens_);
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  bool StartsWith(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }
  void Add(Token::Kind kind, size_t from) {
    tokens_.push_back({kind, sql_.substr(from, at_ - from), from});
  }

  Result<void> Next() {
    const char c = Peek();
    const size_t from = at_;
    if (IsSpace(c)) {
      ++at_;
      return {};
    }
    if (StartsWith("--")) return LineComment();
    if (StartsWith("/*")) return BlockComment();
    if (c == '\'') return Quoted(Token::Kind::kString, from);
    if (c == '"') return Quoted(Token::Kind::kQuotedName, from);
    if (c == '`' || c == '[') return Enclosed(c == '[' ? ']' : c);
    if (IsNameStart(c)) return Word();
    if (IsDigit(c)) {
      while (IsDigit(Peek()) || Peek() == '.') ++at_;
      Add(Token::Kind::kNumber, from);
      return {};
    }
    return Symbol();
  }

  // MySQL has no comment without the space; some databases also end one at a carriage return.
  Result<void> LineComment() {
    const char after = Peek(2);
    if (at_ + 2 < sql_.size() && !IsSpace(after)) {
      return Invalid("-- without a space after it is a comment on some databases only");
    }
    while (at_ < sql_.size() && Peek() != '\n') {
      if (Peek() == '\r' && Peek(1) != '\n') {
        return Invalid(
            "a carriage return without a line feed in a comment: some databases end the comment "
            "there");
      }
      ++at_;
    }
    return {};
  }

  Result<void> BlockComment() {
    if (StartsWith("/*!") || StartsWith("/*M!")) {
      return Invalid("executable comments (/*! or /*M!) are not allowed");
    }
    const size_t end = sql_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return Invalid("unterminated comment");
    if (sql_.substr(at_ + 2, end - at_ - 2).find("/*") != std::string_view::npos) {
      return Invalid("a comment within a comment ends at different places on different databases");
    }
    at_ = end + 2;
    return {};
  }

  Result<void> Quoted(Token::Kind kind, size_t from) {
    const char quote = Peek();
    ++at_;
    while (at_ < sql_.size()) {
      if (Peek() == '\\' && Peek(1) == quote) {
        return Invalid(
            "a backslash before a quote escapes it on some databases only: send the text as a "
            "parameter");
      }
      if (Peek() != quote) {
        ++at_;
      } else if (Peek(1) == quote) {
        at_ += 2;
      } else {
        ++at_;
        Add(kind, from);
        return {};
      }
    }
    return Invalid(kind == Token::Kind::kString ? "unterminated string"
                                                : "unterminated quoted name");
  }

  // `name` and [name]: where they are no quotes, their contents are tokens.
  Result<void> Enclosed(char closing) {
    const size_t from = at_;
    for (++at_; at_ < sql_.size() && Peek() != closing; ++at_) {
      if (!IsNamePart(Peek()) && Peek() != ' ' && Peek() != '.') {
        return Invalid(
            "a name in backticks or brackets may contain only letters, digits, underscores, dots "
            "and spaces");
      }
    }
    if (at_ == sql_.size()) return Invalid("unterminated quoted name");
    ++at_;
    Add(Token::Kind::kQuotedName, from);
    return {};
  }

  // A word and a quote make a string with its own rules on some databases: E'…', q'[…]'.
  Result<void> Word() {
    const size_t from = at_;
    while (IsNamePart(Peek())) ++at_;
    const std::string_view word = sql_.substr(from, at_ - from);
    const bool binary =
        word.size() == 1 && std::string_view("xXnNbB").find(word[0]) != std::string_view::npos;
    if (Peek() == '\'' && !binary) {
      return Invalid("a string with a prefix: send the text as a parameter");
    }
    Add(Token::Kind::kWord, from);
    return {};
  }

  Result<void> Symbol() {
    const size_t from = at_;
    const char c = Peek(), next = Peek(1);
    if (c == '?' && (next == '?' || IsDigit(next))) {
      return Invalid("a parameter is a single ?, without a number");
    }
    if (c == '#') return Invalid("# begins a comment on some databases only");
    if (StartsWith("::")) {
      at_ += 2;
    } else if (c == '$' || ((c == '@' || c == ':') && (IsNamePart(next) || next == '@'))) {
      return Invalid(std::string(1, c) +
                     " begins a variable, a parameter or a string on some databases: parameters "
                     "are question marks");
    } else {
      ++at_;
    }
    Add(c == '?' ? Token::Kind::kMarker : Token::Kind::kSymbol, from);
    return {};
  }

  const std::string_view sql_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> GenericTokens(std::string_view sql) { return Lexer(sql).Run(); }

}  // namespace assent::sql
