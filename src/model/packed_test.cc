#include "model/packed.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace model {
namespace {

using Texts = std::vector<std::optional<std::string>>;

std::vector<Cell> cells_of(const Texts& texts) {
  std::vector<Cell> cells;
  for (const auto& text : texts) cells.push_back(text ? Cell{*text} : Cell{});
  return cells;
}

Texts texts() {
  Texts out;
  const auto raw = *rc::gen::arbitrary<std::vector<std::pair<bool, std::string>>>();
  for (const auto& [present, text] : raw) out.push_back(present ? std::optional{text} : std::nullopt);
  return out;
}

RC_GTEST_PROP(PackedProperty, CellsComeBackUnderTheirLayoutOnly, ()) {
  const Texts values = texts();
  const std::vector<Cell> cells = cells_of(values);
  std::string packed;
  pack_cells(7, cells, packed);
  std::vector<Cell> back(cells.size());
  RC_ASSERT(unpack_cells(7, packed, back));
  RC_ASSERT(back == cells);
  RC_ASSERT(!unpack_cells(8, packed, back));
}

RC_GTEST_PROP(PackedProperty, SentValuesComeBack, ()) {
  const Texts values = texts();
  const base::Utc now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
  std::vector<SentValue> sent;
  for (std::size_t i = 0; i < values.size(); ++i) sent.push_back({i % 3, values[i] ? Cell{*values[i]} : Cell{}, *rc::gen::element(base::Utc{}, now), *rc::gen::element(base::Utc{}, now)});
  std::string packed;
  pack_sent(9, sent, packed);
  const auto back = unpack_sent(9, packed);
  RC_ASSERT(back.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    RC_ASSERT(back[i].field == sent[i].field && back[i].value == sent[i].value && back[i].at == sent[i].at &&
              back[i].over == sent[i].over);
}

RC_GTEST_PROP(PackedProperty, ForeignBytesAreRefusedNotFollowed, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  std::string packed{"\x07\0\0\0", 4};
  packed += bytes;
  std::vector<Cell> cells(3);
  if (!unpack_cells(7, packed, cells))
    for (const Cell& cell : cells) RC_ASSERT(cell.is_null());
  (void)unpack_sent(7, packed);
}

}  // namespace
}  // namespace model
