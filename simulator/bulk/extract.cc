#include "simulator/bulk/extract.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "csv/reader.h"
#include "csv/writer.h"
#include "gzip/gzip.h"
#include "simulator/org/text.h"

namespace simulator::bulk {
namespace {

constexpr std::size_t rows_per_block = 2'000;
constexpr std::size_t largest_block = std::size_t{1} << 30;

}  // namespace

void append_java_double(std::string& out, double value) {
  if (value == 0) {
    out += "0.0";
    return;
  }
  char buffer[48];
  const double size = std::abs(value);
  const bool plain = size >= 1e-3 && size < 1e7;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  const std::string_view text{buffer, static_cast<std::size_t>(end - buffer)};
  const std::string_view digits = text.substr(0, text.find('e'));
  out += digits;
  if (!digits.contains('.')) out += ".0";
  if (plain) return;
  std::string_view exponent = text.substr(digits.size() + 1);
  out += 'E';
  if (exponent.front() == '-') out += '-';
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent.front() == '0') exponent.remove_prefix(1);
  out += exponent;
}

void append_csv_value(const World& world, const Cell& cell, const Field& field, std::string& out) {
  switch (cell.kind) {
    case Kind::null:
      return;
    case Kind::boolean:
      out += cell.truth ? "true" : "false";
      return;
    case Kind::number:
      if (field.type == FieldType::integer) return append_double(out, cell.number, true);
      return append_java_double(out, cell.number);
    case Kind::date:
      return append_date(out, cell.moment);
    case Kind::datetime:
      append_datetime(out, cell.moment);
      out.replace(out.size() - 5, 5, "Z");  // "+0000" in JSON
      return;
    case Kind::reference:
      append_id(out, world.prefix(cell.key), cell.key.number);
      return;
    case Kind::text:
      out += cell.text;
  }
}

Extract::Extract(RowSet rows, const csv::Dialect& dialect) : set_(std::move(rows)), dialect_(dialect) {
  csv::Writer header{header_, dialect};
  for (const Select::Output& column : set_.columns()) header.quoted(column.header);
  header.end_row();
}

void Extract::read_batch(const World& world, std::size_t most) {
  base::Arena arena;
  std::vector<Cell> cells;
  std::string value;
  csv::Writer writer{text_, dialect_};
  for (; most > 0 && !is_done(); --most) {
    arena.clear();
    if (!set_.read(world, at_++, cells, arena)) continue;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      value.clear();
      append_csv_value(world, cells[i], set_.columns()[i].term.type(), value);
      writer.quoted(value);
    }
    writer.end_row();
    ++rows_;
    if (rows_ - packed_rows_ == rows_per_block) pack();
  }
  if (is_done()) pack();
}

void Extract::pack() {
  if (text_.empty()) return;
  blocks_.push_back({packed_rows_, rows_ - packed_rows_, gzip::packed(text_)});
  packed_rows_ = rows_;
  text_.clear();
}

Extract::Pages::Pages(const Extract& extract, std::uint64_t first, std::uint64_t count)
    : extract_(extract), first_(first), left_(std::min(count, extract.rows_ - std::min(first, extract.rows_))) {
  const auto behind = std::ranges::upper_bound(extract.blocks_, first, {}, &Block::first_row);
  block_ = behind == extract.blocks_.begin() ? 0 : static_cast<std::size_t>(behind - extract.blocks_.begin()) - 1;
}

bool Extract::Pages::next(std::string& out) {
  if (!begun_) {
    out += extract_.header_;
    begun_ = true;
  }
  if (left_ == 0) return false;
  const Block& block = extract_.blocks_[block_++];
  auto text = gzip::unpacked(block.packed, largest_block);
  CHECK(text.has_value());
  const std::uint64_t skip = first_ - block.first_row, take = std::min(left_, block.rows - skip);
  std::string_view part = *text;
  if (skip > 0 || take < block.rows) {
    csv::Reader reader{extract_.dialect_};
    reader.feed(part);
    reader.finish();
    csv::Row row;
    std::uint64_t begin = part.size(), end = part.size();
    for (std::uint64_t i = 0; i < skip + take; ++i) {
      CHECK(reader.next(row) == csv::Reader::Next::row);
      if (i == skip) begin = row.begin;
      end = row.end;
    }
    part = part.substr(begin, end - begin);
  }
  out += part;
  first_ += take;
  left_ -= take;
  return left_ > 0;
}

}  // namespace simulator::bulk
