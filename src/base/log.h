#pragma once

#include <string_view>

namespace base {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

/// Sends log lines to standard error from now on. Call once, before the first line.
void start_log(LogLevel level, LogFormat format);

/// One line for operators. Values of mapped fields and secrets never go in: name the record instead.
void log(LogLevel level, std::string_view message);

}  // namespace base
