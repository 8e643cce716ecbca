// What stands on one side, on its way to the other and back, for every kind of field and values of all sorts.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/time_text.h"
#include "model/mapping.h"

namespace model {
namespace {

using Value = std::optional<std::string>;

constexpr std::array kinds = {FieldKind::text,     FieldKind::boolean, FieldKind::number,    FieldKind::date,
                              FieldKind::datetime, FieldKind::multi,   FieldKind::reference, FieldKind::email,
                              FieldKind::phone,    FieldKind::time};

int below(int bound) {
  return *rc::gen::inRange(0, bound);
}

template <std::size_t N>
std::string one_of(const std::array<const char*, N>& all) {
  return all[static_cast<std::size_t>(below(static_cast<int>(N)))];
}

std::string some_text() {
  constexpr std::array pieces = {"a",
                                 "Ann",
                                 " ",
                                 "  ",
                                 "\t",
                                 "\r\n",
                                 "\n",
                                 "\r",
                                 "\U0001F600",
                                 "\u00e9",
                                 "e\u0301",
                                 "\u00a0",
                                 "\u65e5\u672c",
                                 ";",
                                 "\"",
                                 "'",
                                 "\\",
                                 "%",
                                 "(415) 555-0100",
                                 "null",
                                 "0",
                                 "X@y.Z"};
  std::string text;
  for (int left = below(8); left > 0; --left) text += one_of(pieces);
  return text;
}

std::string digits(int most) {
  std::string text;
  for (int left = 1 + below(most); left > 0; --left) text += static_cast<char>('0' + (below(3) == 0 ? 9 : below(10)));
  return text;
}

std::string some_number() {
  std::string text = one_of(std::array{"", "-", "+"}) + digits(25);
  if (below(3) != 0) text += '.' + digits(25);
  if (below(5) == 0) text += one_of(std::array{"e0", "E+3", "e-20", "e19"});
  return text;
}

base::Utc some_moment() {
  using namespace std::chrono;
  constexpr std::array days = {sys_days{2024y / 2 / 29},  sys_days{1700y / 1 / 1},  sys_days{4000y / 12 / 31},
                               sys_days{1969y / 12 / 31}, sys_days{2000y / 2 / 29}, sys_days{1900y / 3 / 1}};
  const auto day = below(2) == 0 ? days[static_cast<std::size_t>(below(days.size()))]
                                 : sys_days{1970y / 1 / 1} + std::chrono::days{below(700'000) - 90'000};
  return base::Utc{day} + milliseconds{below(86'400'000)};
}

/// The same moment as it is said somewhere else.
std::string in_some_zone(base::Utc moment) {
  const int quarters = below(105) - 48;
  std::string text = base::to_iso(moment + std::chrono::minutes{15 * quarters});
  text.pop_back();
  if (below(3) == 0) text[10] = ' ';
  const int minutes = 15 * std::abs(quarters);
  const auto two = [](int n) { return std::string{static_cast<char>('0' + n / 10), static_cast<char>('0' + n % 10)}; };
  return text + (quarters < 0 ? "-" : "+") + two(minutes / 60) + (below(2) == 0 ? ":" : "") + two(minutes % 60);
}

std::string some_id() {
  constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string id = "001";
  while (id.size() < 15) id += letters[static_cast<std::size_t>(below(62))];
  return below(2) == 0 ? id : RecordId::parse(id)->str();
}

std::string some_choices() {
  std::string text;
  for (int left = below(6); left > 0; --left) text += one_of(std::array{"b", " a ", "c d", "", "\u00e9", "B"}) + ";";
  if (!text.empty() && below(2) == 0) text.pop_back();
  return text;
}

/// A value as people, forms and scripts leave it; now and then none, blank, or one of another kind.
Value some_value(FieldKind kind) {
  if (below(8) == 0) return std::nullopt;
  if (below(8) == 0) return one_of(std::array{"", " ", "\r\n", "\t "});
  if (below(12) == 0) return some_text();
  std::string text;
  switch (kind) {
    case FieldKind::text:
    case FieldKind::email:
    case FieldKind::phone:
      text = some_text();
      break;
    case FieldKind::boolean:
      text = one_of(std::array{"true", "false", "1", "0", "t", "f", "TRUE", "False"});
      break;
    case FieldKind::number:
      text = some_number();
      break;
    case FieldKind::date:
      text = base::to_iso(some_moment()).substr(0, below(2) == 0 ? 10 : 19);
      break;
    case FieldKind::datetime:
      text = in_some_zone(some_moment());
      break;
    case FieldKind::multi:
      text = some_choices();
      break;
    case FieldKind::reference:
      text = some_id();
      break;
    case FieldKind::time:
      text = base::to_iso(some_moment()).substr(11, static_cast<std::size_t>(below(2) == 0 ? 5 : 13));
      break;
  }
  return below(4) == 0 ? ' ' + text + "\r\n" : text;
}

FieldMapping some_field(FieldKind kind) {
  FieldMapping field;
  field.type.kind = kind;
  if (kind == FieldKind::number) field.type.scale = below(20) - 1;
  return field;
}

Raw raw(const Value& value) {
  return value ? Raw{*value} : Raw{};
}

Raw raw(const Cell& cell) {
  return cell.has_text() ? Raw{cell.text()} : Raw{};
}

RC_GTEST_PROP(RoundTripProperty, AnOrgsValueComesBackFromTheRowAsItIs, ()) {
  for (const FieldKind kind : kinds) {
    const std::vector<FieldMapping> fields = {some_field(kind)};
    const Value value = some_value(kind);
    base::Arena arena;
    const auto org = org_cell(fields[0], raw(value), arena);
    if (!org) continue;
    const Cell column = column_value(fields, 0, std::span{&*org, 1}, arena);
    const auto row = row_cell(fields[0], raw(column), arena);
    RC_ASSERT(row.has_value());
    RC_ASSERT(same_value(fields[0].type, *org, *row));
    RC_ASSERT(org_cell(fields[0], raw(*row), arena) == org);
  }
}

RC_GTEST_PROP(RoundTripProperty, ARowsValueComesBackFromTheOrgAsItIs, ()) {
  for (const FieldKind kind : kinds) {
    const FieldMapping field = some_field(kind);
    const Value value = some_value(kind);
    base::Arena arena;
    const auto row = row_cell(field, raw(value), arena);
    if (!row) continue;
    const auto org = org_cell(field, raw(*row), arena);
    RC_ASSERT(org.has_value());
    RC_ASSERT(same_value(field.type, *org, *row));
    RC_ASSERT(row_cell(field, raw(*org), arena) == row);
  }
}

/// What is no value on one side is none on the other.
RC_GTEST_PROP(RoundTripProperty, BothSidesReadAlike, ()) {
  for (const FieldKind kind : kinds) {
    const FieldMapping field = some_field(kind);
    const Value value = some_value(kind);
    base::Arena arena;
    RC_ASSERT(org_cell(field, raw(value), arena) == row_cell(field, raw(value), arena));
  }
}

Cell cell_of(const FieldMapping& field, const std::string& text, base::Arena& arena) {
  const auto cell = org_cell(field, arena.copy(text), arena);
  RC_ASSERT(cell.has_value());
  return *cell;
}

RC_GTEST_PROP(RoundTripProperty, OneMomentIsOneHoweverItIsSaid, ()) {
  base::Arena arena;
  const base::Utc moment = some_moment();
  const FieldMapping field = some_field(FieldKind::datetime);
  const Cell here = cell_of(field, in_some_zone(moment), arena);
  RC_ASSERT(here == cell_of(field, in_some_zone(moment), arena));
  RC_ASSERT(here == cell_of(field, in_some_zone(base::whole_second(moment)), arena));
  RC_ASSERT(here != cell_of(field, in_some_zone(moment + std::chrono::seconds{1}), arena));
}

RC_GTEST_PROP(RoundTripProperty, ChoicesHaveNoOrder, ()) {
  base::Arena arena;
  std::vector<std::string> chosen = {"b", "a", "c d", "\u00e9"};
  chosen.resize(static_cast<std::size_t>(1 + below(4)));
  const auto said = [&] {
    std::string text;
    for (std::size_t i = chosen.size(); i > 1; --i)
      std::swap(chosen[i - 1], chosen[static_cast<std::size_t>(below(static_cast<int>(i)))]);
    for (const std::string& each : chosen) text += (text.empty() ? "" : ";") + each;
    return text;
  };
  const FieldMapping field = some_field(FieldKind::multi);
  RC_ASSERT(cell_of(field, said(), arena) == cell_of(field, said(), arena));
}

RC_GTEST_PROP(RoundTripProperty, AShortIdIsItsLongOne, ()) {
  base::Arena arena;
  const std::string id = some_id();
  const FieldMapping field = some_field(FieldKind::reference);
  RC_ASSERT(cell_of(field, id.substr(0, 15), arena) == cell_of(field, RecordId::parse(id)->str(), arena));
}

/// However many digits somebody writes, the org rounds them away, and says the rest without them.
RC_GTEST_PROP(RoundTripProperty, ARoundedNumberIsRoundedOnce, ()) {
  base::Arena arena;
  const FieldMapping field = some_field(FieldKind::number);
  const Cell once = cell_of(field, some_number(), arena);
  const std::string text{once.text()};
  const bool has_point = text.find('.') != std::string::npos;
  RC_ASSERT(once == cell_of(field, text, arena));
  RC_ASSERT(once == cell_of(field, text + (has_point ? "000" : ".000"), arena));
  RC_ASSERT(once == cell_of(field, text + "e0", arena));
  if (field.type.scale >= 0 && has_point)
    RC_ASSERT(text.size() - text.find('.') - 1 <= static_cast<std::size_t>(field.type.scale));
}

}  // namespace
}  // namespace model
