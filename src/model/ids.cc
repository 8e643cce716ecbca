#include "model/ids.h"

namespace model {

std::optional<RecordId> RecordId::parse(std::string_view text) {
  if (text.size() != 15 && text.size() != 18) return std::nullopt;
  RecordId id;
  for (std::size_t group = 0; group < 3; ++group) {
    unsigned upper = 0;
    for (std::size_t place = 0; place < 5; ++place) {
      const char c = text[group * 5 + place];
      const bool is_upper = c >= 'A' && c <= 'Z';
      if (!is_upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return std::nullopt;
      if (is_upper) upper |= 1u << place;
      id.text_[group * 5 + place] = c;
    }
    id.text_[15 + group] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[upper];
  }
  if (text.size() == 18 && std::memcmp(id.text_.data() + 15, text.data() + 15, 3) != 0) return std::nullopt;
  return id;
}

}  // namespace model
