#include "simulator/bulk/upload.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator::bulk {
namespace {

namespace json = boost::json;

constexpr std::size_t piece = 256 * 1024;     // of the upload, handed to the reader at a time
constexpr std::size_t rows_of_a_chunk = 200;  // which triggers see together
constexpr std::string_view null_text = "#N/A";

ApiError invalid_batch(std::string why) {
  return {400, "InvalidBatch", std::move(why)};
}

std::unexpected<ApiError> bad_row(const char* why) {
  return refusal(400, std::string{unconfirmed::bulk_bad_row_code}, why);
}

/// A value as the JSON that a caller of REST would send for it.
json::value json_of(const Field& field, std::string_view text) {
  if (field.type == FieldType::boolean) {
    if (same_name(text, "true") || text == "1") return true;
    if (same_name(text, "false") || text == "0") return false;
  } else if (field.is_number()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) {
      if (field.type == FieldType::integer && number == static_cast<double>(static_cast<std::int64_t>(number)))
        return static_cast<std::int64_t>(number);
      return number;
    }
  }
  return json::string{text.data(), text.size()};
}

}  // namespace

std::string row_error_text(const ApiError& error) {
  std::string out = error.code + ":" + error.message + ":";
  for (const std::string& field : error.fields) (out += out.ends_with(':') ? "" : ",") += field;
  return out + " --";
}

Outcome<Upload> Upload::begin(const Org& org, const Object& object, std::string_view operation,
                              const std::string& key_field, const csv::Dialect& dialect, std::string_view text) {
  Upload upload{object, operation, dialect, text};
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
    auto read = column(org, name);
    if (!read) return std::unexpected(std::move(read).error());
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

Outcome<Column> Upload::column(const Org& org, std::string_view name) const {
  const auto unknown = [&] { return std::unexpected(invalid_batch("Field name not found : " + std::string{name})); };
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) {
    const auto field = object_->find(name);
    if (!field) return unknown();
    return Column{*field};
  }
  std::string_view relation = name.substr(0, dot), type;
  if (const auto colon = relation.find(':'); colon != std::string_view::npos) {
    type = relation.substr(0, colon);
    relation.remove_prefix(colon + 1);
  }
  const auto reference = object_->find_relation(relation);
  if (!reference) return unknown();
  // Which object a polymorphic reference leads to has to be said; of others it must not be.
  const Field& field = object_->fields[*reference];
  if (field.is_polymorphic() == type.empty()) return unknown();
  const bool leads_there = type.empty() || std::ranges::any_of(field.targets, [&](const std::string& target) {
                             return same_name(target, type);
                           });
  const Object* parent = leads_there ? org.schema().find(type.empty() ? field.targets.front() : type) : nullptr;
  const auto key = parent == nullptr ? std::nullopt : parent->find(name.substr(dot + 1));
  if (!key || !(parent->fields[*key].external_id || parent->fields[*key].id_lookup)) return unknown();
  return Column{*reference, parent, *key};
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
    const auto found = org.by_id(*object_, id);
    if (!found) return std::unexpected(found.error());
    number = *found;
  }
  if (!inserts && !in_chunk_.insert(by_key ? folded(key) : std::to_string(number)).second)
    return refusal(400, "DUPLICATE_VALUE",
                   by_key ? "Duplicate external id specified: " + key : "Duplicate id in list: " + id,
                   {by_key ? object_->fields[key_field_].name : "Id"});
  if (operation_.ends_with("elete")) {
    if (auto removed = org.remove(*object_, number); !removed) return std::unexpected(std::move(removed).error());
    return Written{number, false};
  }
  json::object values;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string_view text = row[i];
    if (text.empty() || key_column_ == i || (!inserts && id_column_ == i)) continue;
    auto value = json_value(org, columns_[i], text);
    if (!value) return std::unexpected(std::move(value).error());
    values[object_->fields[columns_[i].field].name] = *std::move(value);
  }
  if (by_key) return org.upsert(*object_, key_field_, key, values);
  if (inserts) {
    auto made = org.insert(*object_, values);
    if (!made) return std::unexpected(std::move(made).error());
    return Written{*made, true};
  }
  if (auto changed = org.update(*object_, number, values); !changed) return std::unexpected(std::move(changed).error());
  return Written{number, false};
}

Outcome<json::value> Upload::json_value(const Org& org, const Column& column, std::string_view text) const {
  if (text == null_text) return json::value(nullptr);
  if (column.parent == nullptr) return json_of(object_->fields[column.field], text);
  const std::vector<std::uint64_t> found = org.by_key(*column.parent, column.key, text);
  if (found.size() == 1) return json::value(json::string(org.id_of({column.parent->index, found.front()})));
  if (found.size() > 1)
    return refusal(400, "DUPLICATE_EXTERNAL_ID", "more than one record found for external id field");
  return refusal(400, "INVALID_FIELD",
                 "Foreign key external ID: " + std::string{text} + " not found for field " +
                     column.parent->fields[column.key].name + " in entity " + column.parent->name);
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
