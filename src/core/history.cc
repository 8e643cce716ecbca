#include "core/history.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/settle.h"

namespace core {
namespace {

namespace json = boost::json;

json::value value_of(const model::Cell& cell) {
  if (!cell.has_text()) return nullptr;
  return json::value(json::string_view{cell.text().data(), cell.text().size()});
}

std::string_view name_of(Conflict::Decision decision) {
  switch (decision) {
    case Conflict::Decision::org_won:
      return "salesforce_won";
    case Conflict::Decision::store_won:
      return "crm_won";
    case Conflict::Decision::open:
      break;
  }
  return "open";
}

const std::string& place(const model::FieldMapping& field) {
  return field.org_field.empty() ? field.column : field.org_field;
}

json::object change(const model::FieldMapping& field, std::string_view side, const model::Cell& before,
                    const model::Cell& after, std::string_view decision) {
  return {{"field", place(field)},
          {"side", json::string_view{side.data(), side.size()}},
          {"before", value_of(before)},
          {"after", value_of(after)},
          {"decision", json::string_view{decision.data(), decision.size()}}};
}

/// What became of the pair as a whole; empty if nothing did.
std::string_view fate(const KnownHead& head, const Settlement& s) {
  if (s.remove_row && head.row_exists) return s.place == FilterPlace::outside ? "row_removed" : "row_deleted";
  if (s.archived == true) return "row_archived";
  if (!s.link || *s.link == head.link) return {};
  const bool was_linked = head.link == LinkState::linked || head.link == LinkState::creating;
  switch (*s.link) {
    case LinkState::both_gone:
      if (head.link == LinkState::row_deleted) return "record_deleted";
      return was_linked || head.link == LinkState::row_gone ? "deleted_in_salesforce" : "deleted_in_crm";
    case LinkState::row_gone:
      if (s.removed_record) return "record_archived";
      return was_linked ? "deleted_in_crm" : std::string_view{};
    case LinkState::row_deleted:
      return "deleted_in_crm";
    case LinkState::record_deleted:
      return "deleted_in_salesforce";
    case LinkState::record_gone:
      return was_linked ? "deleted_in_salesforce" : std::string_view{};
    case LinkState::none:
    case LinkState::creating:
    case LinkState::linked:
      break;
  }
  return {};
}

/// A deletion by others than us: who made it, for people, since there is no request of ours to look up.
std::string_view deleted_by(std::string_view action, const Settlement& s) {
  if (action == "deleted_in_crm") return "deleted in the CRM, not by a sync";
  if (action == "deleted_in_salesforce") return "deleted in Salesforce, not by a sync";
  // After a row's deletion: by a request whose answer was lost, or by somebody else.
  if (action == "record_deleted" && !s.removed_record) return "found deleted in Salesforce";
  return {};
}

/// That the record left the filter or came back into it; empty if it did neither. A row that comes back is new.
std::string_view filter_move(const KnownHead& head, const Settlement& s) {
  if (!s.place || *s.place == head.place || !head.row_exists) return {};
  if (*s.place == FilterPlace::flagged || *s.place == FilterPlace::leaving) return "left_filter";
  return *s.place == FilterPlace::inside && head.place != FilterPlace::outside ? "back_in_filter" : std::string_view{};
}

}  // namespace

std::optional<HistoryNote> history_note(const model::Mapping& mapping, const KnownHead& head,
                                        std::span<const model::Cell> row, std::span<const model::Cell> base,
                                        const Settlement& s, std::span<const Conflict> opened) {
  if (s.parked && s.parked->error.service_code == waits_for_all) return std::nullopt;  // It is told once it is settled.
  const bool inserts = s.insert_row && !head.row_exists;
  const bool links = s.link == LinkState::linked && head.link != LinkState::linked && !inserts;
  const std::string_view ended = fate(head, s);
  std::string_view action;
  if (s.parked) {
    action = "parked";
  } else if (!s.sent_to_org.empty()) {
    action = head.link == LinkState::linked ? "record_updated" : "record_created";
  } else if (!ended.empty()) {
    action = ended;
  } else if (inserts) {
    action = "row_created";
  } else if (const auto moved = filter_move(head, s); !moved.empty()) {
    action = moved;
  } else if (s.columns.any() && head.row_exists) {
    action = "row_updated";
  } else if (!opened.empty()) {
    action = "conflict";
  } else if (!s.resolution.empty()) {
    action = "resolved";
  } else if (links) {
    action = "linked";
  } else {
    return std::nullopt;
  }
  json::array changes;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i) {
    if (!s.columns[i] || (!inserts && !head.row_exists)) continue;
    const auto conflict = std::ranges::find(s.conflicts, i, &Conflict::field);
    const std::string_view decision = conflict != s.conflicts.end() ? name_of(conflict->decision)
                                      : s.resolution.empty()        ? "only_salesforce_changed"
                                                                    : "resolved";
    if (inserts && s.values[i].is_null()) continue;
    changes.push_back(change(mapping.fields[i], "crm", inserts ? model::Cell{} : row[i], s.values[i], decision));
  }
  for (std::size_t i = 0; s.remove_row && head.row_exists && i < row.size(); ++i)
    if (row[i].has_text())
      changes.push_back(change(mapping.fields[i], "crm", row[i], model::Cell{},
                               s.place == FilterPlace::outside ? "left_filter" : "deleted_in_salesforce"));
  // The side that is gone is no longer there to be read.
  const bool of_record = action == "record_deleted" || action == "deleted_in_salesforce";
  for (std::size_t i = 0; (of_record || action == "deleted_in_crm") && i < base.size(); ++i)
    if (base[i].has_text())
      changes.push_back(change(mapping.fields[i], of_record ? "salesforce" : "crm", base[i], model::Cell{},
                               action == "record_deleted" ? "deleted_in_crm" : action));
  for (const Settlement::OrgChange& sent : s.sent_to_org)
    changes.push_back(change(mapping.fields[sent.field], "salesforce", sent.before, sent.after,
                             sent.won ? "crm_won" : "only_crm_changed"));
  for (const Conflict& conflict : opened) {
    json::object entry{{"field", place(mapping.fields[conflict.field])},
                       {"side", "both"},
                       {"before", value_of(conflict.base)},
                       {"decision", "open"},
                       {"salesforce", value_of(conflict.org)},
                       {"crm", value_of(conflict.store)}};
    changes.push_back(std::move(entry));
  }
  json::object details;
  if (!changes.empty()) details["changes"] = std::move(changes);
  if (s.parked) {
    details["error"] = s.parked->error.message;
    if (!s.parked->error.service_code.empty()) details["code"] = s.parked->error.service_code;
  }
  if (!s.resolution.empty()) details["by"] = s.resolution;
  if (const auto by = deleted_by(action, s); !by.empty()) details["by"] = json::string_view{by.data(), by.size()};
  return HistoryNote{action, json::serialize(details)};
}

std::string request_json(const model::Mapping& mapping, const model::FieldSet& fields,
                         std::span<const model::Cell> values) {
  json::object request;
  for (std::size_t i = 0; i < mapping.fields.size(); ++i)
    if (fields[i]) request[mapping.fields[i].org_field] = value_of(values[i]);
  return json::serialize(request);
}

}  // namespace core
