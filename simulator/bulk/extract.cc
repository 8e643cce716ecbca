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

Outcome<Extract> Extract::begin(const World& world, std::string_view statement, bool with_deleted,
                                const csv::Dialect& dialect) {
  auto parsed = soql::parse(statement);
  if (!parsed) return std::unexpected(std::move(parsed).error());
  auto query = Query::make(world, statement, with_deleted);
  if (!query) return std::unexpected(std::move(query).error());
  const auto refused = [](const char* what) {
    return refusal(400, "API_ERROR", std::string{what} + " not supported in Bulk Query");
  };
  if (parsed->count) return refused("Aggregate Relationships");
  if (parsed->offset) return refused("OFFSET clause");
  Extract out{*std::move(query), dialect};
  out.is_ordered_ = !parsed->order.empty();
  csv::Writer header{out.header_, dialect};
  for (const soql::Path& path : parsed->fields) {
    auto resolved = resolve(world, out.object(), path, statement);
    if (!resolved) return std::unexpected(std::move(resolved).error());
    if (resolved->description->type == FieldType::address)
      return refusal(400, "FUNCTIONALITY_NOT_ENABLED",
                     "FeatureNotEnabled : Cannot serialize value for '" + path.text() + "' in CSV format");
    out.columns_.push_back(*std::move(resolved));
    header.quoted(path.text());
  }
  header.end_row();
  return out;
}

void Extract::read_batch(const World& world, std::size_t most) {
  if (!is_run_) {
    numbers_ = query_.run(world);
    // Without an order the org goes through its ids, part by part.
    if (!is_ordered_) std::ranges::sort(numbers_);
    is_run_ = true;
  }
  base::Arena arena;
  std::string value;
  csv::Writer writer{text_, dialect_};
  const auto object = query_.object().index;
  const Table& table = world.tables[object];
  for (; most > 0 && !is_done(); --most) {
    const std::uint64_t number = numbers_[at_++];
    if (!table.exists(number)) continue;
    arena.clear();
    for (const FieldPath& column : columns_) {
      value.clear();
      append_csv_value(world, world.cell({object, number}, column, arena), *column.description, value);
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
