// How fast are three sides of a record compared, and how far is that from merely moving their bytes?
//
//   bench_reconcile [RECORDS]
//
// Contacts of 12 fields (names, an e-mail address, phones, a check box, a number, dates, a reference) as base, org and
// store, in pages of 2,000; one record in a hundred was edited in one field on either side. The second figure copies
// the same texts of all three sides once, page by page, in the same run.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/reconcile.h"
#include "model/grid.h"

namespace {

using model::Cell;
using model::FieldKind;

constexpr std::size_t page_size = 2000;
constexpr std::size_t pages = 20;  ///< Of data; they are gone through again and again.
constexpr std::size_t width = 12;

std::vector<model::FieldMapping> fields() {
  std::vector<model::FieldMapping> made(width);
  for (const auto& [field, kind] : {std::pair{2u, FieldKind::email},
                                    {3u, FieldKind::phone},
                                    {4u, FieldKind::phone},
                                    {6u, FieldKind::boolean},
                                    {7u, FieldKind::number},
                                    {8u, FieldKind::date},
                                    {9u, FieldKind::datetime},
                                    {10u, FieldKind::reference}})
    made[field].type.kind = kind;
  return made;
}

void fill(model::Grid& grid, std::size_t from) {
  grid.restart(width);
  char text[96];
  const auto put = [&](std::span<Cell> row, std::size_t field, const char* format, std::size_t number) {
    const int size = std::snprintf(text, sizeof text, format, number);
    row[field] = Cell{grid.text().copy({text, static_cast<std::size_t>(size)})};
  };
  for (std::size_t n = from; n < from + page_size; ++n) {
    const auto row = grid.add();
    put(row, 0, "First%zu", n % 997);
    put(row, 1, "Lastname%zu", n);
    put(row, 2, "person.%zu@example.com", n);
    put(row, 3, "+1 555 %07zu", n);
    put(row, 4, "+1 556 %07zu", n);
    put(row, 5, "Title %zu", n % 50);
    row[6] = Cell{grid.text().copy(n % 3 == 0 ? "true" : "false")};
    put(row, 7, "%zu.5", n);
    put(row, 8, "2026-01-%02zu", 1 + n % 28);
    put(row, 9, "2026-01-01T10:11:%02zuZ", n % 60);
    put(row, 10, "001000000%06zuAAA", n % 1'000'000);
    if (n % 4 != 0) put(row, 11, "A note of some length about person %zu, as people write them", n);
  }
}

struct Sides {
  model::Grid base, org, store;
};

double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  std::vector<Sides> data(pages);
  for (std::size_t p = 0; p < pages; ++p) {
    for (model::Grid* grid : {&data[p].base, &data[p].org, &data[p].store}) fill(*grid, p * page_size);
    for (std::size_t i = 0; i < page_size; i += 100) {
      const std::size_t field = (i / 100) % width;
      model::Grid& edited = i % 200 == 0 ? data[p].org : data[p].store;
      edited[i][field] = Cell{edited.text().copy("edited")};
    }
  }
  const std::vector<model::FieldMapping> mapped = fields();
  const core::Safeguards safeguards;
  std::vector<core::Outcome> outcomes(width);
  std::size_t changed = 0, done = 0;
  const double start = seconds();
  while (done < records)
    for (std::size_t p = 0; p < pages && done < records; ++p)
      for (std::size_t i = 0; i < page_size; ++i, ++done) {
        const Sides& sides = data[p];
        core::reconcile({mapped, sides.base[i], sides.org[i], sides.store[i], {}, {}, {}, {}}, safeguards, outcomes);
        changed += std::ranges::any_of(outcomes, [](core::Outcome o) { return o != core::Outcome::agreed; });
      }
  const double reconciled = static_cast<double>(done) / (seconds() - start);

  std::vector<char> copy(width * 128);
  std::size_t bytes = 0, copied = 0;
  const double begin = seconds();
  while (copied < done)
    for (std::size_t p = 0; p < pages && copied < done; ++p)
      for (std::size_t i = 0; i < page_size; ++i, ++copied)
        for (const model::Grid* grid : {&data[p].base, &data[p].org, &data[p].store}) {
          std::size_t at = 0;
          for (const Cell& cell : (*grid)[i]) {
            std::memcpy(copy.data() + at, cell.text().data() ? cell.text().data() : "", cell.text().size());
            at += cell.text().size();
          }
          bytes += at + static_cast<unsigned char>(copy[at / 2]);
        }
  const double moved = static_cast<double>(copied) / (seconds() - begin);
  std::printf(
      "reconcile, 12 fields, 1 %% changed: %.0f records/s on one core; %.2f of copying the same texts "
      "(%.0f records/s); %zu changed, %zu bytes\n",
      reconciled, reconciled / moved, moved, changed, bytes / (copied / 1'000'000 + 1));
  return changed > 0 ? 0 : 1;
}
