// SPDX-License-Identifier: Apache-2.0
#include "participants/sql/lexer.h"

#include <optional>

#include "base/number.h"
#include "participants/sql/generic_lexer.h"

namespace assent::sql {
namespace {

Error Invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
// Bytes from 0x80 up belong to names in both grammars.
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '$'; }

class Lexer {
 public:
  Lexer(std::string_view sql, Grammar grammar, const ScanOptions& options)
      : sql_(sql), mysql_(grammar == Grammar::kMySql), options_(options) {}

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
    if (IsSpace(c)) {
      ++at_;
      return {};
    }
    if (IsLineComment()) return LineComment();
    if (StartsWith("/*")) return BlockComment();
    const size_t from = at_;
    if (c == '\'') {
      return Quoted(Token::Kind::kString, '\'', mysql_ && options_.backslash_escapes, from);
    }
    if (c == '"') {
      const bool name = !mysql_ || options_.ansi_quotes;
      return Quoted(name ? Token::Kind::kQuotedName : Token::Kind::kString, '"',
                    !name && options_.backslash_escapes, from);
    }
    if (c == '`' && mysql_) return Quoted(Token::Kind::kQuotedName, '`', false, from);
    if (c == '$' && !mysql_) {
      if (const auto tag = DollarTag()) return DollarQuoted(*tag);
    }
    if (IsNameStart(c)) return Word();
    if (IsDigit(c)) {
      Number();
      return {};
    }
    if (StartsWith("??")) {
      if (mysql_) return Invalid("?? (PostgreSQL's operator ?) is not valid in this SQL dialect");
      at_ += 2;
      Add(Token::Kind::kSymbol, from);
      return {};
    }
    ++at_;
    Add(c == '?' ? Token::Kind::kMarker : Token::Kind::kSymbol, from);
    return {};
  }

  bool IsLineComment() const {
    if (!mysql_) return StartsWith("--");
    if (Peek() == '#') return true;
    // MySQL: "--" begins a comment only before white space, a control character or the end.
    return StartsWith("--") &&
           (at_ + 2 == sql_.size() || static_cast<unsigned char>(Peek(2)) <= 32);
  }

  // PostgreSQL also ends such a comment at a carriage return, its driver only at a line feed.
  Result<void> LineComment() {
    while (at_ < sql_.size() && Peek() != '\n') {
      if (!mysql_ && Peek() == '\r' && Peek(1) != '\n') {
        return Invalid(
            "a carriage return without a line feed in a comment: the server ends the comment "
            "there");
      }
      ++at_;
    }
    return {};
  }

  Result<void> BlockComment() {
    if (mysql_ && (StartsWith("/*!") || StartsWith("/*M!"))) {
      return Invalid("executable comments (/*! or /*M!) are not allowed");
    }
    int depth = 0;
    while (at_ < sql_.size()) {
      if (StartsWith("/*") && (depth == 0 || !mysql_)) {
        ++depth;
        at_ += 2;
      } else if (StartsWith("*/")) {
        at_ += 2;
        if (--depth == 0) return {};
      } else {
        ++at_;
      }
    }
    return Invalid("unterminated comment");
  }

  // at_ is at the opening quote. The token begins at `from`, which includes a leading E.
  Result<void> Quoted(Token::Kind kind, char quote, bool backslashes, size_t from) {
    // PostgreSQL: 'a' and 'b' on two lines are one string; it has backslash escapes if it began as
    // E'a'.
    if (!mysql_ && kind == Token::Kind::kString && !tokens_.empty() &&
        tokens_.back().kind == Token::Kind::kString &&
        (tokens_.back().text[0] == 'e' || tokens_.back().text[0] == 'E')) {
      return Invalid("a string literal continues an E'' string; write one literal");
    }
    ++at_;
    while (at_ < sql_.size()) {
      const char c = Peek();
      if (c == '\\' && backslashes) {
        at_ += 2;
      } else if (c != quote) {
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

  // $tag$ or $$ at the current position.
  std::optional<std::string_view> DollarTag() const {
    size_t end = at_ + 1;
    if (end < sql_.size() && IsNameStart(sql_[end])) {
      while (end < sql_.size() && IsNamePart(sql_[end]) && sql_[end] != '$') ++end;
    }
    if (end >= sql_.size() || sql_[end] != '$') return std::nullopt;
    return sql_.substr(at_, end + 1 - at_);
  }

  Result<void> DollarQuoted(std::string_view tag) {
    const size_t from = at_;
    const size_t end = sql_.find(tag, at_ + tag.size());
    if (end == std::string_view::npos) return Invalid("unterminated dollar-quoted string");
    at_ = end + tag.size();
    Add(Token::Kind::kString, from);
    return {};
  }

  Result<void> Word() {
    const size_t from = at_;
    while (at_ < sql_.size() && IsNamePart(Peek())) ++at_;
    const std::string_view word = sql_.substr(from, at_ - from);
    if (!mysql_ && (word == "e" || word == "E") && Peek() == '\'') {
      return Quoted(Token::Kind::kString, '\'', true, from);
    }
    Add(Token::Kind::kWord, from);
    return {};
  }

  // Approximate: what it does not recognize of an unusual number becomes a word, which is harmless.
  void Number() {
    const size_t from = at_;
    while (IsDigit(Peek()) || Peek() == '.') ++at_;
    if ((Peek() == 'e' || Peek() == 'E') &&
        (IsDigit(Peek(1)) || ((Peek(1) == '+' || Peek(1) == '-') && IsDigit(Peek(2))))) {
      at_ += 2;
      while (IsDigit(Peek())) ++at_;
    }
    Add(Token::Kind::kNumber, from);
  }

  const std::string_view sql_;
  const bool mysql_;
  const ScanOptions options_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokens(std::string_view sql, Grammar grammar,
                                  const ScanOptions& options) {
  if (grammar == Grammar::kGeneric) return GenericTokens(sql);
  return Lexer(sql, grammar, options).Run();
}

}  // namespace assent::sql
