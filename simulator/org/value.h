#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "simulator/org/ids.h"

namespace simulator {

enum class Kind : std::uint8_t { null, boolean, number, date, datetime, reference, text };

/// One value of a record, as it is read. Text is borrowed.
struct Cell {
  Kind kind = Kind::null;
  bool truth = false;
  double number = 0;
  std::int64_t moment = 0;  ///< Days since 1970 of a date, milliseconds of a datetime.
  RecordKey key{};
  std::string_view text{};

  static Cell of(bool value) { return {.kind = Kind::boolean, .truth = value}; }
  static Cell of(double value) { return {.kind = Kind::number, .number = value}; }
  static Cell of(std::string_view value) { return {.kind = Kind::text, .text = value}; }
  static Cell of(RecordKey value) { return {.kind = Kind::reference, .key = value}; }
  static Cell day(std::int64_t value) { return {.kind = Kind::date, .moment = value}; }
  static Cell at(std::int64_t milliseconds) { return {.kind = Kind::datetime, .moment = milliseconds}; }
  bool is_null() const { return kind == Kind::null; }
  friend bool operator==(const Cell&, const Cell&) = default;
};

/// The stored values of one record, packed: fields without a value take no room.
class PackedRow {
 public:
  Cell get(std::size_t field) const {
    for (std::size_t at = 0; at < bytes_.size();) {
      const char* entry = bytes_.data() + at;
      if (field_of(entry) == field) return read(entry);
      at += size_of(entry);
    }
    return {};
  }

  void set(std::size_t field, const Cell& cell) {
    for (std::size_t at = 0; at < bytes_.size();) {
      const std::size_t size = size_of(bytes_.data() + at);
      if (field_of(bytes_.data() + at) == field) {
        bytes_.erase(at, size);
        break;
      }
      at += size;
    }
    add(field, cell);
  }

  /// set() of a field that has no value yet.
  void add(std::size_t field, const Cell& cell) {
    if (!cell.is_null()) append(field, cell);
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }

  /// Every value in it: visit(field, cell).
  template <class Visit>
  void each(Visit&& visit) const {
    for (std::size_t at = 0; at < bytes_.size(); at += size_of(bytes_.data() + at))
      visit(field_of(bytes_.data() + at), read(bytes_.data() + at));
  }

  void shrink() { bytes_.shrink_to_fit(); }

 private:
  // An entry: the field's ordinal in two bytes, the kind in one, the value.
  void append(std::size_t field, const Cell& cell) {
    const auto put = [this](const auto& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); };
    put(static_cast<std::uint16_t>(field));
    bytes_ += static_cast<char>(cell.kind);
    switch (cell.kind) {
      case Kind::null:
        break;
      case Kind::boolean:
        bytes_ += cell.truth ? '\1' : '\0';
        break;
      case Kind::number:
        put(cell.number);
        break;
      case Kind::date:
      case Kind::datetime:
        put(cell.moment);
        break;
      case Kind::reference:
        put(cell.key.packed());
        break;
      case Kind::text:
        put(static_cast<std::uint32_t>(cell.text.size()));
        bytes_ += cell.text;
    }
  }
  static constexpr std::size_t head = 3;
  static std::size_t field_of(const char* entry) {
    std::uint16_t field;
    std::memcpy(&field, entry, sizeof field);
    return field;
  }
  static std::size_t size_of(const char* entry) {
    switch (static_cast<Kind>(entry[2])) {
      case Kind::boolean:
        return head + 1;
      case Kind::text:
        return head + sizeof(std::uint32_t) + load<std::uint32_t>(entry);
      default:
        return head + 8;
    }
  }
  template <class T>
  static T load(const char* entry) {
    T value;
    std::memcpy(&value, entry + head, sizeof value);
    return value;
  }
  static Cell read(const char* entry) {
    switch (static_cast<Kind>(entry[2])) {
      case Kind::boolean:
        return Cell::of(entry[head] != 0);
      case Kind::number:
        return Cell::of(load<double>(entry));
      case Kind::date:
        return Cell::day(load<std::int64_t>(entry));
      case Kind::datetime:
        return Cell::at(load<std::int64_t>(entry));
      case Kind::reference:
        return Cell::of(RecordKey::unpacked(load<std::uint64_t>(entry)));
      case Kind::text:
        return Cell::of(std::string_view{entry + head + sizeof(std::uint32_t), load<std::uint32_t>(entry)});
      case Kind::null:
        break;
    }
    return {};
  }

  std::string bytes_;
};

}  // namespace simulator
