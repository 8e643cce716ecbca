#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace base {

/// Text that must not reach a log or an answer: it cannot be printed or compared by accident, and its memory is
/// wiped. Whoever needs the text says so with reveal().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

/// Takes a time that depends on the lengths alone, so that a guesser learns nothing from it.
bool same_secret(std::string_view a, std::string_view b);

/// Overwrites `text` where it lies and empties it.
void wipe(std::string& text);

}  // namespace base
