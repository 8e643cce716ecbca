#include "simulator/bulk/upload.h"

#include <algorithm>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::bulk {
namespace {

constexpr std::size_t piece = 256 * 1024;     // of the upload, handed to the reader at a time
constexpr std::size_t rows_of_a_chunk = 200;  // which triggers see together
constexpr std::string_view null_text = "#N/A";

ApiError invalid_batch(std::string why) {
  return {400, "InvalidBatch", std::move(why)};
}

std::unexpected<ApiError> bad_row(const char* why) {
  return refusal(400, std::string{unconfirmed::bulk_bad_row_code}, why);
}

}  // namespace

std::string row_error_text(const ApiError& error) {
  std::string out = error.code + ":" + error.message + ":";
  for (const std::string& field : error.fields) (out += out.ends_with(':') ? "" : ",") += field;
  return out + " --";
}

Outcome<Upload> Upload::begin(const Org& org, const Object& object, std::string_view operation,
                              const std::string& key_field, const csv::Dialect& dialect, std::string_view text,
                              const Caller& caller) {
  Upload upload{object, operation, dialect, text, caller};
  if (auto read = upload.read_header(org, key_field); !read) return std::unexpected(std::move(read).error());
  return upload;
}

/// False: that was the last.
Outcome<bool> Upload::next(csv::Row& row) {
  for (;;) {
    const auto next = reader_.next(row);
    if (!next) return std::unexpected(invalid_batch(next.error().message));
    if (*next == csv::Reader::Next::row) {
      const bool is_empty_line = row.size() == 1 && row[0].empty() && text_[row.begin] != '"';
      if (is_empty_line) continue;
      return true;
    }
    if (*next == csv::Reader::Next::end) return false;
    if (fed_ == text_.size()) {
      reader_.finish();
    } else {
      const std::string_view part = text_.substr(fed_, piece);
      reader_.feed(part);
      fed_ += part.size();
    }
  }
}

Outcome<void> Upload::read_header(const Org& org, const std::string& key_field) {
  csv::Row row;
  auto found = next(row);
  if (!found) return std::unexpected(std::move(found).error());
  if (!*found || row.fault != nullptr) return std::unexpected(invalid_batch("The CSV has no header line"));
  header_end_ = done_to_ = row.end;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string_view name = row[i];
    if (name.find_first_of("\r\n") != std::string_view::npos)
      return refusal(400, "ClientInputError",
                     std::string{"LineEnding is invalid on user data. Current LineEnding setting is "} +
                         (name.ends_with('\r') ? "LF" : "CRLF"));
    if (same_name(name, "Id")) id_column_ = i;
    if (!key_field.empty() && same_name(name, key_field)) key_column_ = i;
    auto read = org.column(*object_, name);
    if (!read) return std::unexpected(invalid_batch("Field name not found : " + std::string{name}));
    const auto same = [&](const Column& other) { return other.field == read->field; };
    if (std::ranges::any_of(columns_, same))
      return std::unexpected(invalid_batch("Duplicate field name : " + std::string{name}));
    columns_.push_back(*std::move(read));
  }
  if (!key_field.empty()) {
    if (!key_column_) return std::unexpected(invalid_batch("Field name not found : " + key_field));
    key_field_ = columns_[*key_column_].field;
  } else if (operation_ != "insert" && !id_column_) {
    return std::unexpected(invalid_batch("Field name not found : Id"));
  }
  if (unconfirmed::bulk_delete_takes_only_id && operation_.ends_with("elete") && columns_.size() != 1)
    return std::unexpected(invalid_batch("Only the Id column may be given for " + operation_));
  return {};
}

Outcome<void> Upload::write_batch(Org& org, std::size_t most, const std::function<std::optional<ApiError>()>& fault) {
  csv::Row row;
  for (; most > 0; --most) {
    auto found = next(row);
    if (!found) return std::unexpected(std::move(found).error());
    if (!*found) {
      done_ = true;
      done_to_ = text_.size();
      return {};
    }
    if (chunk_rows_++ % rows_of_a_chunk == 0) in_chunk_.clear();
    const auto refused = fault();
    keep(row, refused ? Outcome<Written>{std::unexpected(*refused)} : write_row(org, row));
    done_to_ = row.end;
  }
  done_ = done_to_ == text_.size();
  return {};
}

Outcome<Written> Upload::write_row(Org& org, const csv::Row& row) {
  if (row.fault != nullptr) return bad_row(row.fault);
  if (row.size() != columns_.size()) return bad_row("the row has another number of values than the header");
  if (!is_utf8(text_.substr(row.begin, row.end - row.begin))) return bad_row("the row is not UTF-8");
  std::string id, key;
  if (id_column_) id = trimmed(row[*id_column_]);
  if (key_column_) key = trimmed(row[*key_column_]);
  const bool creates_by_id = key_column_ && key.empty() && object_->fields[key_field_].type == FieldType::id;
  const bool by_key = key_column_ && !creates_by_id, inserts = operation_ == "insert" || creates_by_id;
  if (by_key ? key.empty() : !inserts && id.empty())
    return refusal(400, "MISSING_ARGUMENT",
                   by_key ? object_->fields[key_field_].name + " not specified"
                          : "Id not specified in an " + operation_ + " call");
  std::uint64_t number = 0;
  if (!by_key && !inserts) {
    const auto found = org.by_id(*object_, id, caller_);
    if (!found) return std::unexpected(found.error());
    number = *found;
  }
  if (!inserts && !in_chunk_.insert(by_key ? folded(key) : std::to_string(number)).second)
    return refusal(400, "DUPLICATE_VALUE",
                   by_key ? "Duplicate external id specified: " + key : "Duplicate id in list: " + id,
                   {by_key ? object_->fields[key_field_].name : "Id"});
  if (operation_ == "delete" || operation_ == "hardDelete") {
    auto removed =
        operation_ == "delete" ? org.remove(*object_, number, caller_) : org.hard_delete(*object_, number, caller_);
    if (!removed) return std::unexpected(std::move(removed).error());
    return Written{number, false};
  }
  values_.clear();
  arena_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string_view text = row[i];
    if (text.empty() || key_column_ == i || (!inserts && id_column_ == i)) continue;
    auto cell = text == null_text ? Outcome<Cell>{Cell{}} : org.read(*object_, columns_[i], text, arena_);
    if (!cell) return std::unexpected(std::move(cell).error());
    values_.push_back({columns_[i].field, *cell});
  }
  if (by_key) return org.upsert(*object_, key_field_, key, values_, caller_);
  if (inserts) {
    auto made = org.insert(*object_, values_, caller_);
    if (!made) return std::unexpected(std::move(made).error());
    return Written{*made, true};
  }
  if (auto changed = org.update(*object_, number, values_, caller_); !changed)
    return std::unexpected(std::move(changed).error());
  return Written{number, false};
}

void Upload::keep(const csv::Row& row, const Outcome<Written>& outcome) {
  RowOutcome kept{row.begin, static_cast<std::uint32_t>(row.end - row.begin)};
  if (outcome) {
    kept.number = outcome->number;
    kept.created = outcome->created;
  } else {
    ++failed_;
    const auto [known, is_new] = known_errors_.try_emplace(row_error_text(outcome.error()), errors_.size() + 1);
    if (is_new) errors_.push_back(known->first);
    kept.error = known->second;
  }
  outcomes_.push_back(kept);
}

}  // namespace simulator::bulk
