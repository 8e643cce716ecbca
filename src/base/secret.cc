#include "base/secret.h"

#include <string.h>

namespace base {

// A short string lives inside the object, so moving it leaves its characters behind.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  other.text_.resize(other.text_.capacity());
  wipe(other.text_);
}

Secret& Secret::operator=(Secret other) noexcept {
  text_.swap(other.text_);
  return *this;
}

Secret::~Secret() { wipe(text_); }

bool same_secret(std::string_view a, std::string_view b) {
  unsigned char differing = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    differing = static_cast<unsigned char>(differing | (a[i] ^ b[i]));
  return differing == 0;
}

void wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace base
