#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace base {

/// Why an operation failed, in the terms its caller acts on.
///
/// An adapter chooses the kind once, where it meets the service's own code; nothing further in
/// looks at HTTP statuses, SQLSTATEs or Salesforce error codes again.
enum class ErrorKind {
  unreachable,   ///< No answer, or an answer that proves nothing was done.
  unknown_fate,  ///< The request may or may not have taken effect.
  throttled,     ///< Refused for load or API budget; `retry_after` may say how long.
  unauthorized,  ///< Credentials expired or lack a permission.
  precondition,  ///< The record changed since it was read, or is gone.
  rejected,      ///< The other side will never accept this as it is.
  malformed,     ///< We could not understand what was sent to us.
  settings,      ///< What the user configured is wrong; the message names the setting and the remedy.
  corrupt,       ///< Our own stored state contradicts itself.
  cancelled,     ///< We were asked to stop, or lost our lease.
};

std::string_view name_of(ErrorKind kind);

struct Error {
  ErrorKind kind;
  std::string message;              ///< For people: what was being done, to what, and the next step. No secrets.
  std::string service_code = {};    ///< As the service spelt it, e.g. "UNABLE_TO_LOCK_ROW".
  std::optional<std::chrono::seconds> retry_after = {};
  bool smaller = false;             ///< Less at a time may go through.
  bool may_be_done = false;         ///< An earlier attempt at the same may have taken effect, whatever this one says.
};

template <class T>
using Result = std::expected<T, Error>;

/// Shortens `return std::unexpected(base::Error{…})`.
inline std::unexpected<Error> failure(ErrorKind kind, std::string message, std::string service_code = {}) {
  return std::unexpected(Error{kind, std::move(message), std::move(service_code)});
}

/// Ends the process with `what`, the condition and the place: a broken invariant is a bug, and a
/// restart from the last checkpoint is safer than going on.
[[noreturn]] void die(std::string_view what, const char* file, int line);

}  // namespace base

#define CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::base::die(#condition, __FILE__, __LINE__))

#define BASE_CONCAT_(a, b) a##b
#define BASE_CONCAT(a, b) BASE_CONCAT_(a, b)
#define BASE_ASSIGN_OR_RETURN_(result, declaration, expression)           \
  auto result = (expression);                                             \
  if (!result) return std::unexpected(std::move(result).error());         \
  declaration = *std::move(result)

/// Names the value of a Result, or returns its Error from the enclosing function.
#define ASSIGN_OR_RETURN(declaration, expression) \
  BASE_ASSIGN_OR_RETURN_(BASE_CONCAT(result_, __LINE__), declaration, expression)
#define RETURN_IF_ERROR(expression)                                                 \
  if (auto BASE_CONCAT(result_, __LINE__) = (expression); !BASE_CONCAT(result_, __LINE__)) \
  return std::unexpected(std::move(BASE_CONCAT(result_, __LINE__)).error())
