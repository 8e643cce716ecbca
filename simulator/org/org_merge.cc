#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>

#include "simulator/org/org.h"

namespace simulator {
namespace {

namespace json = boost::json;

std::unexpected<ApiError> cannot_merge(std::string message) {
  return refusal(400, "INVALID_MERGE_RECORD", std::move(message));
}

struct Copied {
  std::string_view from, to;
};
constexpr auto to_account = std::to_array<Copied>({{"Company", "Name"},
                                                   {"Phone", "Phone"},
                                                   {"Fax", "Fax"},
                                                   {"Website", "Website"},
                                                   {"Industry", "Industry"},
                                                   {"Rating", "Rating"},
                                                   {"AnnualRevenue", "AnnualRevenue"},
                                                   {"NumberOfEmployees", "NumberOfEmployees"},
                                                   {"LeadSource", "AccountSource"},
                                                   {"Street", "BillingStreet"},
                                                   {"City", "BillingCity"},
                                                   {"State", "BillingState"},
                                                   {"PostalCode", "BillingPostalCode"},
                                                   {"Country", "BillingCountry"},
                                                   {"OwnerId", "OwnerId"}});
constexpr auto to_contact = std::to_array<Copied>({{"FirstName", "FirstName"},
                                                   {"LastName", "LastName"},
                                                   {"Salutation", "Salutation"},
                                                   {"Title", "Title"},
                                                   {"Email", "Email"},
                                                   {"Phone", "Phone"},
                                                   {"Fax", "Fax"},
                                                   {"MobilePhone", "MobilePhone"},
                                                   {"LeadSource", "LeadSource"},
                                                   {"Description", "Description"},
                                                   {"Street", "MailingStreet"},
                                                   {"City", "MailingCity"},
                                                   {"State", "MailingState"},
                                                   {"PostalCode", "MailingPostalCode"},
                                                   {"Country", "MailingCountry"},
                                                   {"HasOptedOutOfEmail", "HasOptedOutOfEmail"},
                                                   {"HasOptedOutOfFax", "HasOptedOutOfFax"},
                                                   {"DoNotCall", "DoNotCall"},
                                                   {"OwnerId", "OwnerId"}});

/// The last day of the quarter, as days since 1970.
std::int64_t end_of_quarter(base::Utc now) {
  using namespace std::chrono;
  const year_month_day today{floor<days>(now)};
  const unsigned last = (unsigned{today.month()} - 1) / 3 * 3 + 3;
  return sys_days{today.year() / month{last} / std::chrono::last}.time_since_epoch().count();
}

}  // namespace

Outcome<void> Org::move_children(RecordKey from, RecordKey to, const Caller& caller) {
  for (const Schema::Child& child : schema().children_of(schema()[from.object])) {
    const Field& reference = child.reference();
    if (reference.source != Source::stored || reference.name == "MasterRecordId") continue;
    Table& rows = world_.tables[child.object->index];
    for (const std::uint64_t number : rows.children(child.field, from)) {
      if (rows.is_deleted(number)) continue;
      const RecordKey record{child.object->index, number};
      if (auto held = hold(record, caller); !held) return held;
      Row row = rows.copy(number);
      row.fields.set(child.field, record == to ? Cell{} : Cell::of(to));
      change(record, std::move(row), caller);
    }
  }
  return {};
}

Outcome<void> Org::merge(const Object& object, std::uint64_t master, std::span<const std::uint64_t> losers,
                         const json::object& values, const Caller& caller) {
  if (!object.mergeable) return refusal(400, "MERGE_FAILED", object.label + " records cannot be merged");
  if (losers.empty() || losers.size() > 2) return cannot_merge("one or two records are merged into another");
  const Table& rows = world_.tables[object.index];
  for (const std::uint64_t loser : losers)
    if (loser == master || !rows.is_living(loser)) return cannot_merge("invalid record to merge: " + id_of({object.index, loser}));
  if (!rows.is_living(master)) return cannot_merge("invalid master record: " + id_of({object.index, master}));
  if (losers.size() == 2 && losers[0] == losers[1]) return cannot_merge("a record is merged only once");
  Transaction all{*this};
  const RecordKey winner{object.index, master};
  const std::size_t master_id = object.at("MasterRecordId");
  for (const std::uint64_t number : losers) {
    const RecordKey loser{object.index, number};
    if (auto held = hold(loser, caller); !held) return held;
    if (auto moved = move_children(loser, winner, caller); !moved) return moved;
    Row row = rows.copy(number);
    row.deleted = true;
    row.fields.set(master_id, Cell::of(winner));
    change(loser, std::move(row), caller);
    deletions_.erase(loser);
    recycle_bin_.push_back({now_second(), loser});
  }
  if (auto done = update(object, master, values, caller); !done) return done;
  all.commit();
  return {};
}

Outcome<ConvertedLead> Org::convert_lead(std::uint64_t number, const LeadConversion& conversion, const Caller& caller) {
  const Object& leads = schema()[lead];
  const Row before = world_.tables[lead].copy(number);
  const auto of_lead = [&](std::string_view name) {
    const auto field = leads.find_any(name);
    return field ? before.fields.get(*field) : Cell{};
  };
  if (of_lead("IsConverted").truth)
    return refusal(400, "CANNOT_UPDATE_CONVERTED_LEAD", "lead is already converted: " + id_of({lead, number}));
  if (!conversion.status.starts_with("Closed - Converted"))
    return refusal(400, "INVALID_STATUS", "invalid convertedStatus: " + conversion.status);
  const auto copied = [&](const Object& object, std::span<const Copied> fields) {
    std::vector<Assignment> out;
    for (const auto& [from, to] : fields)
      if (const auto field = object.find_any(to); field && !of_lead(from).is_null()) out.push_back({*field, of_lead(from)});
    return out;
  };
  Transaction all{*this};
  Caller administrator = caller;
  administrator.is_administrator = true;
  ConvertedLead out{conversion.account.value_or(0), conversion.contact.value_or(0), 0};
  if (out.account == 0) {
    const auto made = insert(schema()[account], copied(schema()[account], to_account), administrator);
    if (!made) return std::unexpected(made.error());
    out.account = *made;
  }
  if (out.contact == 0) {
    std::vector<Assignment> values = copied(schema()[contact], to_contact);
    values.push_back({schema()[contact].at("AccountId"), Cell::of(RecordKey{account, out.account})});
    const auto made = insert(schema()[contact], values, administrator);
    if (!made) return std::unexpected(made.error());
    out.contact = *made;
  }
  if (conversion.makes_opportunity) {
    const Object& deals = schema()[opportunity];
    const std::string name = conversion.opportunity_name.empty() ? std::string{of_lead("Company").text} + "-"
                                                                 : conversion.opportunity_name;
    const auto made = insert(deals,
                             std::vector<Assignment>{{deals.at("Name"), Cell::of(std::string_view{name})},
                                                     {deals.at("StageName"), Cell::of(std::string_view{"Prospecting"})},
                                                     {deals.at("CloseDate"), Cell::day(end_of_quarter(clock_.now()))},
                                                     {deals.at("AccountId"), Cell::of(RecordKey{account, out.account})}},
                             administrator);
    if (!made) return std::unexpected(made.error());
    out.opportunity = *made;
  }
  if (auto held = hold({lead, number}, administrator); !held) return std::unexpected(std::move(held).error());
  if (auto moved = move_children({lead, number}, {contact, out.contact}, administrator); !moved)
    return std::unexpected(std::move(moved).error());
  Row row = before;
  const auto set = [&](std::string_view name, const Cell& cell) { row.fields.set(leads.at(name), cell); };
  set("IsConverted", Cell::of(true));
  set("Status", Cell::of(std::string_view{conversion.status}));
  set("ConvertedDate", Cell::day(std::chrono::floor<std::chrono::days>(clock_.now()).time_since_epoch().count()));
  set("ConvertedAccountId", Cell::of(RecordKey{account, out.account}));
  set("ConvertedContactId", Cell::of(RecordKey{contact, out.contact}));
  if (out.opportunity != 0) set("ConvertedOpportunityId", Cell::of(RecordKey{opportunity, out.opportunity}));
  change({lead, number}, std::move(row), caller);
  all.commit();
  return out;
}

}  // namespace simulator
