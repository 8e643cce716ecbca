// First contact: which row that was there before a record stands for.
#include "store/memory/internals.h"

namespace store {
namespace {

using core::LinkState;

/// True if these records tell that this one is deleted: it contests nothing any more.
bool deleted_here(const core::Observation& observed, const model::RecordId& record) {
  return std::ranges::any_of(observed.heads, [&](const auto& head) { return head.deleted && head.id == record; });
}

/// As rows are compared: ASCII letters in lower case, no blanks around.
std::string folded(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  std::string out{text.substr(begin, text.find_last_not_of(blanks) - begin + 1)};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

void MemoryStore::match_row(Step& step, std::size_t at, core::Known& known) {
  const core::RecordHead& record = step.observed->heads[at];
  // What does not match the filter takes no row that another record may match.
  if (!record.id || record.deleted || record.in_filter == false) return;
  for (const std::vector<std::size_t>& rule : step.mapped.mapping.match_rules)
    if (fits_rule(step, at, rule, known)) return;
}

/// True if any row fits, whether one or several.
bool MemoryStore::fits_rule(Step& step, std::size_t at, const std::vector<std::size_t>& rule, core::Known& known) {
  Mapped& mapped = step.mapped;
  std::vector<std::string> wanted;
  for (const std::size_t f : rule) {
    const model::Cell& cell = step.observed->cells[at][f];
    if (!cell.has_text()) return false;
    if (mapped.mapping.fields[f].role != model::FieldRole::reference) {
      wanted.push_back(folded(cell.text()));
      continue;
    }
    const Mapped* parent = parent_of(mapped, f);
    const auto id = model::RecordId::parse(cell.text());
    const auto row = parent && id ? row_of_record(*parent, *id) : std::nullopt;
    if (!row) return false;
    wanted.push_back(*row);
  }
  std::vector<model::RowKey> rows;
  for (const auto& [key, cells] : mapped.table->rows) {
    const std::string name = std::to_string(key);
    if (!mapped.is_mine(cells) || mapped.link_of_row(name)) continue;
    bool fits = true;
    for (std::size_t k = 0; k < rule.size(); ++k) {
      const Text& value = cells[mapped.columns[rule[k]]];
      const bool by_key = mapped.mapping.fields[rule[k]].role == model::FieldRole::reference;
      fits = fits && value && (by_key ? *value : folded(*value)) == wanted[k];
    }
    if (fits) rows.push_back({name});
  }
  const model::RecordId record = step.observed->heads[at].id;
  // Of several records that fit one row nobody can tell which it is.
  bool is_contested = false;
  for (const model::RowKey& row : rows) {
    for (const std::size_t other : step.fitting[row.text]) {
      is_contested = true;
      core::KnownHead& head = known.heads[other];
      if (!head.candidates.empty()) continue;
      head.candidates = {row};
      head.row = {};
      head.row_exists = false;
      step.rows[other].clear();
    }
    is_contested =
        is_contested || std::ranges::any_of(mapped.parked_records, [&](const auto& set) {
          return set.first != record && std::ranges::find(set.second.fits, row.text) != set.second.fits.end() &&
                 !deleted_here(*step.observed, set.first);
        });
  }
  if (rows.size() == 1 && !is_contested) {
    step.rows[at] = rows.front().text;
  } else {
    known.heads[at].candidates = rows;
  }
  for (const model::RowKey& row : rows) step.fitting[row.text].push_back(at);
  return !rows.empty();
}

/// Until somebody changes it: what it is offered for, on its own, is to be made a record.
void MemoryStore::park_candidate(Mapped& mapped, const std::string& row, const core::Parked& parked) {
  Mapped::ParkedRow& set = mapped.parked_rows[row];
  set.parked = parked;
  set.parked.retry_at = base::Utc::max();
  if (const auto entry = mapped.outbox.find(row); entry != mapped.outbox.end()) {
    set.changed_at = std::max(set.changed_at, entry->second.changed_at);
    mapped.outbox.erase(entry);
  }
  std::vector<Text>* cells = mapped.row(row);
  if (!cells) return;
  (*cells)[mapped.table->at("salesforce_sync_status")] = "error";
  (*cells)[mapped.table->at("salesforce_sync_error")] = parked.error.message;
}

}  // namespace store
