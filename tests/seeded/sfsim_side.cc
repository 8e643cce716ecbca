#include "sfsim_side.h"

#include <boost/json.hpp>

namespace seeded {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr std::string_view root = "/services/data/v62.0";
constexpr const char* host = "http://localhost:1";

/// People are not our own user.
constexpr simulator::Caller somebody{.user = 2};

const simulator::Object& object_of(simulator::Org& org, std::size_t object) {
  const auto found = org.object(objects()[object].object);
  CHECK(found.has_value());
  return **found;
}

json::object values_of(std::size_t object, const Fields& fields) {
  json::object values;
  for (std::size_t f = 0; f < fields.size(); ++f)
    if (fields[f]) values[objects()[object].fields[f].org_field] = *fields[f];
  return values;
}

}  // namespace

SfsimSide::SfsimSide(const base::Clock& ours, base::Utc start, bool with_key, const Calls& calls)
    : ours_(ours), calls_(calls), clock_(start) {
  simulator::OrgOptions options;
  options.sample.contacts = 0;
  options.schema.upsert_field = with_key;
  simulated_ = std::make_unique<simulator::Org>(clock_, options);
  simulator::ApiOptions api;
  api.auth.seed = 1;
  api.daily_calls = calls_.a_day;
  api_ = std::make_unique<simulator::Api>(*simulated_, api);
  wire_ = std::make_unique<SfsimWire>(*api_);
  vault_ = std::make_unique<MemoryVault>();
  session_ = std::make_unique<salesforce::Session>(
      salesforce::SessionSettings{
          .login_url = host, .client_id = "sfsim-client", .client_secret = base::Secret{"sfsim-secret"}},
      *vault_, *wire_, clock_, [](std::chrono::milliseconds) {});
  if (calls_.budgeted) account_ = std::make_unique<SqliteSide>(ours_);
  begins();
}

SfsimSide::~SfsimSide() = default;

core::Org& SfsimSide::org() {
  return *orgs_.back();
}

void SfsimSide::begins() {
  if (!calls_.budgeted && !orgs_.empty()) return;
  if (calls_.budgeted)
    budgets_.push_back(std::make_unique<connection::StoreBudget>(account_->registry(), "00D000000000001AAA", shares_,
                                                                 core::Lane::incremental, ours_));
  orgs_.push_back(std::make_unique<salesforce::RestOrg>(*session_, *wire_, "62.0", std::nullopt,
                                                        calls_.budgeted ? budgets_.back().get() : nullptr));
}

void SfsimSide::ends() {
  if (calls_.budgeted) CHECK(budgets_.back()->give_back().has_value());
}

void SfsimSide::others_call(std::int64_t times) {
  if (api_->limits().spend(simulator::daily_calls_limit, times)) by_others_ += times;
}

std::string SfsimSide::overspent() const {
  if (calls_.a_day == Calls{}.a_day) return {};
  if (wire_->limit_hits > 0) return "the org's limit was hit";
  const std::int64_t share = shares_.of_lane(core::Lane::incremental, calls_.a_day),
                     ours = api_->limits().used(simulator::daily_calls_limit) - by_others_;
  if (ours <= share) return {};
  return std::to_string(ours) + " calls in a day, and " + std::to_string(share) + " are ours";
}

/// Of deleted records too.
static std::uint64_t number_of(std::size_t object, const model::RecordId& id) {
  return simulator::number_in(id.view().substr(0, 15), objects()[object].prefix);
}

std::uint64_t SfsimSide::number(std::size_t object, const model::RecordId& id) const {
  const simulator::Object& of = object_of(*simulated_, object);
  const auto parsed = simulated_->by_id(of, id.view(), {.is_administrator = true});
  CHECK(parsed.has_value());
  return *parsed;
}

std::vector<RecordView> SfsimSide::records(std::size_t object) {
  std::string query = "SELECT Id, IsDeleted";
  for (const FieldSpec& field : objects()[object].fields) query += ", " + field.org_field;
  const auto answer =
      simulated_->query(query + " FROM " + objects()[object].object + " ORDER BY Id", true, 2'000, root, somebody);
  CHECK(answer.has_value());
  std::vector<RecordView> views;
  const json::value parsed = json::parse(*answer);
  for (const json::value& record : parsed.at("records").as_array()) {
    RecordView& view = views.emplace_back();
    view.id = *model::RecordId::parse(std::string_view{record.at("Id").as_string()});
    view.deleted = record.at("IsDeleted").as_bool();
    for (const FieldSpec& field : objects()[object].fields) {
      const json::value& value = record.at(field.org_field);
      view.fields.push_back(value.is_string() ? Text{std::string{value.as_string()}} : std::nullopt);
    }
    for (const Open& open : open_)
      view.busy = view.busy || std::ranges::find(open.records, view.id) != open.records.end();
  }
  return views;
}

bool SfsimSide::write(std::chrono::milliseconds late, const model::RecordId& held,
                      const std::function<simulator::Outcome<void>(const simulator::Caller&)>& what) {
  if (late == 0ms) {
    return what(somebody).has_value();
  }
  const std::uint64_t transaction = simulated_->open_late();
  if (!simulated_->write_late(transaction, somebody, what)) {
    (void)simulated_->end_late(transaction, false);
    return false;
  }
  open_.push_back({clock_.now() + late, transaction, {held}});
  return true;
}

bool SfsimSide::create(std::size_t object, const Fields& fields, std::chrono::milliseconds late) {
  return write(late, {}, [&](const simulator::Caller& caller) -> simulator::Outcome<void> {
    const auto made = simulated_->insert(object_of(*simulated_, object), values_of(object, fields), caller);
    if (!made) return std::unexpected(made.error());
    return {};
  });
}

bool SfsimSide::edit(std::size_t object, const model::RecordId& id, std::size_t field, const Text& value,
                     std::chrono::milliseconds late) {
  json::object values;
  values[objects()[object].fields[field].org_field] = value ? json::value(*value) : json::value(nullptr);
  const std::uint64_t record = number(object, id);
  // See FakeOrg::edit(): such pairs cannot be told apart by anybody.
  const auto stamp = simulated_->world().tables[object_of(*simulated_, object).index].stamp(record);
  if (stamp == std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count()) late = 0ms;
  return write(late, id, [&](const simulator::Caller& caller) {
    return simulated_->update(object_of(*simulated_, object), record, values, caller);
  });
}

void SfsimSide::remove(std::size_t object, const model::RecordId& id) {
  (void)simulated_->remove(object_of(*simulated_, object), number(object, id), somebody);
}

bool SfsimSide::undelete(std::size_t object, const model::RecordId& id) {
  return simulated_->undelete(object_of(*simulated_, object), number_of(object, id), somebody).has_value();
}

void SfsimSide::purge(std::size_t object, const model::RecordId& id) {
  (void)simulated_->hard_delete(object_of(*simulated_, object), number_of(object, id), somebody);
}

void SfsimSide::merge(std::size_t object, const model::RecordId& winner, const model::RecordId& loser) {
  const std::uint64_t lost = number(object, loser);
  (void)simulated_->merge(object_of(*simulated_, object), number(object, winner), {&lost, 1}, {}, somebody);
}

void SfsimSide::pass_time(std::chrono::milliseconds by) {
  clock_.advance(by);
  std::erase_if(open_, [this](const Open& open) {
    if (open.due > clock_.now()) return false;
    (void)simulated_->end_late(open.transaction, true);
    return true;
  });
  simulated_->pass_time();
}

}  // namespace seeded
