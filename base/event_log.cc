// SPDX-License-Identifier: Apache-2.0
#include "base/event_log.h"

#include <atomic>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/log_sink.h"
#include "base/log_writer.h"

namespace assent {
namespace {

std::atomic<Level> minimum{Level::kInfo};
std::atomic<LogSink> current_sink{nullptr};

constexpr char kPattern[] = "%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v";

spdlog::logger& Logger() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("assent");
    made->set_pattern(kPattern, spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::debug);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// A complete line with the current time.
std::string WholeLine(Level level, const std::string& text) {
  thread_local spdlog::pattern_formatter formatter(kPattern, spdlog::pattern_time_type::utc);
  spdlog::memory_buf_t buffer;
  formatter.format(spdlog::details::log_msg("assent", ToSpdlog(level), text), buffer);
  return {buffer.data(), buffer.size()};
}

void AppendValue(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"\n\t=") == std::string_view::npos;
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += (c == '\n' || c == '\r') ? ' ' : c;
  }
  line += '"';
}

std::string TextOf(LogEvent event, std::initializer_list<Field> fields) {
  std::string text(RowOf(event).name);
  for (const auto& [key, value] : fields) {
    text += ' ';
    text += key.name();
    text += '=';
    AppendValue(text, value);
  }
  return text;
}

}  // namespace

void SetLogLevel(Level level) { minimum.store(level, std::memory_order_relaxed); }

bool LogEnabled(LogEvent event) {
  return RowOf(event).level >= minimum.load(std::memory_order_relaxed);
}

std::string LogLine(LogEvent event, std::initializer_list<Field> fields) {
  return WholeLine(RowOf(event).level, TextOf(event, fields));
}

void SetLogSink(LogSink sink) { current_sink.store(sink, std::memory_order_relaxed); }

void Event(LogEvent event, std::initializer_list<Field> fields) {
  const EventRow& row = RowOf(event);
  if (const LogSink sink = current_sink.load(std::memory_order_relaxed)) {
    sink(event, row.level, fields);
    return;
  }
  if (!LogEnabled(event)) return;
  if (LogWriterRuns()) {
    QueueLogLine(row.level == Level::kError, LogLine(event, fields));
  } else {
    Logger().log(ToSpdlog(row.level), TextOf(event, fields));
  }
}

}  // namespace assent
