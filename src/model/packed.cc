#include "model/packed.h"

#include <algorithm>

namespace model {
namespace {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7F) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

bool take_varint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (in.empty()) return false;
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

void put_layout(std::string& out, std::uint32_t layout) {
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(layout >> shift);
}

bool take_layout(std::string_view& in, std::uint32_t layout) {
  if (in.size() < 4) return false;
  for (unsigned byte = 0; byte < 4; ++byte)
    if (static_cast<unsigned char>(in[byte]) != ((layout >> (8 * byte)) & 0xFF)) return false;
  in.remove_prefix(4);
  return true;
}

void put_cell(std::string& out, const Cell& cell) {
  if (!cell.has_text()) {
    put_varint(out, 0);
    return;
  }
  put_varint(out, cell.text().size() + 1);
  out += cell.text();
}

bool take_cell(std::string_view& in, Cell& cell) {
  std::uint64_t size = 0;
  if (!take_varint(in, size)) return false;
  if (size == 0) {
    cell = Cell{};
    return true;
  }
  if (size - 1 > in.size()) return false;
  cell = Cell{in.substr(0, size - 1)};
  in.remove_prefix(size - 1);
  return true;
}

std::uint64_t seconds_of(base::Utc at) {
  return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count());
}

}  // namespace

void pack_cells(std::uint32_t layout, std::span<const Cell> cells, std::string& out) {
  out.clear();
  put_layout(out, layout);
  for (const Cell& cell : cells) put_cell(out, cell);
}

bool unpack_cells(std::uint32_t layout, std::string_view packed, std::span<Cell> cells) {
  const bool whole = take_layout(packed, layout) &&
                     std::ranges::all_of(cells, [&packed](Cell& cell) { return take_cell(packed, cell); }) &&
                     packed.empty();
  if (!whole) std::ranges::fill(cells, Cell{});
  return whole;
}

void pack_sent(std::uint32_t layout, std::span<const SentValue> values, std::string& out) {
  out.clear();
  if (values.empty()) return;
  put_layout(out, layout);
  base::Utc at{}, over{};
  for (const SentValue& sent : values) {
    if (sent.at != at || sent.over != over) {
      at = sent.at;
      over = sent.over;
      put_varint(out, max_fields);
      put_varint(out, seconds_of(at));
      put_varint(out, seconds_of(over));
    }
    put_varint(out, sent.field);
    put_cell(out, sent.value);
  }
}

std::vector<SentValue> unpack_sent(std::uint32_t layout, std::string_view packed) {
  std::vector<SentValue> values;
  if (packed.empty() || !take_layout(packed, layout)) return values;
  base::Utc at{}, over{};
  while (!packed.empty()) {
    std::uint64_t field = 0, seconds = 0;
    Cell value;
    if (!take_varint(packed, field) || field > max_fields) return {};
    if (field == max_fields) {
      for (base::Utc* time : {&at, &over}) {
        if (!take_varint(packed, seconds)) return {};
        *time = base::Utc{std::chrono::seconds{seconds}};
      }
      continue;
    }
    if (!take_cell(packed, value)) return {};
    values.push_back({field, value, at, over});
  }
  return values;
}

}  // namespace model
