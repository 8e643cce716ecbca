#pragma once

#include <cstdint>
#include <string_view>

namespace model {

/// One value on its way: canonical text (see field.h), null, or unresolved.
///
/// A cell borrows its bytes; they belong to the arena of the grid it came from.
/// `unresolved` is a reference whose parent exists on that side but has no link yet, so that its value
/// cannot be spelt on the other side: the field waits.
class Cell {
 public:
  constexpr Cell() = default;
  constexpr explicit Cell(std::string_view text)
      : data_(text.data()), size_(static_cast<std::uint32_t>(text.size())), kind_(Kind::text) {}
  static constexpr Cell unresolved() {
    Cell cell;
    cell.kind_ = Kind::unresolved;
    return cell;
  }

  constexpr bool is_null() const { return kind_ == Kind::null; }
  constexpr bool is_unresolved() const { return kind_ == Kind::unresolved; }
  constexpr bool has_text() const { return kind_ == Kind::text; }
  constexpr std::string_view text() const { return {data_, size_}; }  ///< Empty unless has_text().

  friend constexpr bool operator==(const Cell& a, const Cell& b) {
    return a.kind_ == b.kind_ && a.text() == b.text();
  }

 private:
  enum class Kind : std::uint8_t { null, text, unresolved };
  const char* data_ = nullptr;
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::null;
};

}  // namespace model
