#include "salesforce/bulk_upload.h"

#include <unordered_set>

#include "csv/writer.h"
#include "salesforce/write_body.h"

namespace salesforce {
namespace {

using base::ErrorKind;

std::string_view name_of_row(const core::OrgWrite& write) {
  return write.id ? write.id.view() : write.upsert_key;
}

/// The fields that any of the writes sends.
std::vector<std::size_t> columns_of(const model::Mapping& mapping, std::span<const core::OrgWrite> writes,
                                    std::span<const std::size_t> places) {
  std::vector<std::size_t> columns;
  for (std::size_t field = 0; field < mapping.fields.size(); ++field)
    for (const std::size_t place : places)
      if (is_sent(mapping, writes[place], field)) {
        columns.push_back(field);
        break;
      }
  return columns;
}

std::string header_line(const model::Mapping& mapping, const core::OrgWrite& first,
                        std::span<const std::size_t> columns) {
  std::string out;
  csv::Writer writer{out};
  writer.value(first.id ? "Id" : std::string_view{mapping.upsert_field});
  for (const std::size_t field : columns)
    writer.value(is_by_key(first, field) ? key_column(mapping, field) : mapping.fields[field].org_field);
  writer.end_row();
  return out;
}

}  // namespace

std::vector<Upload> spell_uploads(const model::Mapping& mapping, std::span<const core::OrgWrite> writes,
                                  std::span<const std::size_t> places, std::size_t most_bytes) {
  std::vector<Upload> uploads;
  if (places.empty()) return uploads;
  const bool creates = !writes[places.front()].id;
  const std::vector<std::size_t> columns = columns_of(mapping, writes, places);
  const std::string header = header_line(mapping, writes[places.front()], columns);
  std::vector<std::size_t> left(places.begin(), places.end());
  std::string row;
  while (!left.empty()) {
    Upload upload{creates, header, {}};
    std::unordered_set<std::string_view> members;
    std::vector<std::size_t> later;
    for (const std::size_t place : left) {
      const core::OrgWrite& write = writes[place];
      row.clear();
      csv::Writer writer{row};
      writer.value(name_of_row(write));
      for (const std::size_t field : columns) {
        const model::Cell& cell = write.values[field];
        if (!is_sent(mapping, write, field)) {
          writer.bare("");
        } else if (cell.is_null()) {
          writer.bare(creates ? "" : "#N/A");
        } else {
          writer.value(cell.text());
        }
      }
      writer.end_row();
      const bool is_full = !upload.writes.empty() && upload.csv.size() + row.size() > most_bytes;
      if (is_full || !members.insert(name_of_row(write)).second) {
        later.push_back(place);
        continue;
      }
      upload.csv += row;
      upload.writes.push_back(place);
    }
    uploads.push_back(std::move(upload));
    left = std::move(later);
  }
  return uploads;
}

ServiceError upload_error(std::string_view text) {
  ServiceError error;
  const auto colon = text.find(':');
  error.code = text.substr(0, colon);
  if (colon == std::string_view::npos) return error;
  text.remove_prefix(colon + 1);
  if (text.ends_with("--")) text.remove_suffix(2);
  while (text.ends_with(' ')) text.remove_suffix(1);
  const auto last = text.rfind(':');
  error.message = text.substr(0, last);
  if (last == std::string_view::npos) return error;
  for (std::string_view names = text.substr(last + 1); !names.empty();) {
    const auto comma = names.find(',');
    std::string_view name = names.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    if (!name.empty()) error.fields.emplace_back(name);
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
  }
  return error;
}

UploadResults::UploadResults(const model::Mapping& mapping, std::span<const core::OrgWrite> writes,
                             const Upload& upload, const Doing& doing)
    : mapping_(mapping), writes_(writes), upload_(upload), doing_(doing), rows_(upload.writes.size()) {
  row_of_.reserve(rows_.size());
  for (std::size_t row = 0; row < rows_.size(); ++row) row_of_.emplace(name_of_row(writes[upload.writes[row]]), row);
}

void UploadResults::set(std::size_t row, RowResult result) {
  known_ += rows_[row] ? 0 : 1;
  rows_[row] = std::move(result);
}

void UploadResults::all_done() {
  for (std::size_t row = 0; row < rows_.size(); ++row) set(row, writes_[upload_.writes[row]].id);
}

void UploadResults::none_done(const base::Error& error) {
  for (std::size_t row = 0; row < rows_.size(); ++row) set(row, std::unexpected(error));
}

base::Result<void> UploadResults::read(File file, const csv::Row& row) {
  const auto broken = [&](const char* why) {
    return base::failure(ErrorKind::malformed, "Row " + std::to_string(row.number) +
                                                   " of the results of a Bulk job on " + mapping_.object +
                                                   " could not be read: " + why);
  };
  if (row.fault != nullptr) return broken(row.fault);
  if (row.number == 1) return read_header(file, row);
  if (row.size() == 1 && row[0].empty()) return {};  // an empty line
  if (row.size() != columns_) return broken("it has other columns than the header");
  const auto found = row_of_.find(row[*key_column_]);
  if (found == row_of_.end()) return broken("it is none of the rows that were sent");
  switch (file) {
    case File::successful: {
      const auto id = model::RecordId::parse(row[*id_column_]);
      if (!id) return broken("it names no record id");
      set(found->second, *id);
      break;
    }
    case File::failed:
      set(found->second, std::unexpected(row_error(upload_error(row[*error_column_]), doing_)));
      break;
    case File::unprocessed:
      set(found->second,
          base::failure(ErrorKind::unreachable, "The Bulk job ended before it came to this record. It is sent again."));
      break;
  }
  return {};
}

base::Result<void> UploadResults::read_header(File file, const csv::Row& row) {
  columns_ = row.size();
  id_column_ = error_column_ = key_column_ = std::nullopt;
  const std::string_view key = upload_.creates ? std::string_view{mapping_.upsert_field} : "Id";
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (row[i] == "sf__Id") id_column_ = i;
    if (row[i] == "sf__Error") error_column_ = i;
    if (row[i] == key) key_column_ = i;
  }
  const bool has_all =
      key_column_ && (file != File::successful || id_column_) && (file != File::failed || error_column_);
  if (has_all) return {};
  return base::failure(ErrorKind::malformed, "The results of a Bulk job on " + mapping_.object +
                                                 " lack a column: sf__Id, sf__Error or " + std::string{key});
}

}  // namespace salesforce
