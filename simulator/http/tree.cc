#include "simulator/http/tree.h"

#include <boost/json.hpp>
#include <set>

#include "simulator/http/answers.h"
#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::size_t most_records = 200, most_types = 5, deepest = 5;

const json::array* records_in(const json::value& value) {
  const json::value* list = value.is_object() ? value.as_object().if_contains("records") : nullptr;
  return list ? list->if_array() : nullptr;
}

std::string attribute(const json::object& record, std::string_view name) {
  const json::value* attributes = record.if_contains("attributes");
  return attributes && attributes->is_object() ? text_at(attributes->as_object(), name) : "";
}

ApiError wrong_tree(std::string message) {
  return {400, std::string{unconfirmed::tree_error_code}, std::move(message)};
}

/// Walks a tree twice: to see whether it may be planted, and to plant it.
class Planting {
 public:
  Planting(Org& org, const Call& call) : org_(org), call_(call) {}

  void check(const json::array& records, std::size_t level) {
    if (level > deepest) return fail("", wrong_tree("The tree has more than 5 levels"));
    for (const json::value& value : records) {
      const json::object* record = value.if_object();
      if (!record) return fail("", bad_json_error);
      const std::string reference = attribute(*record, "referenceId"), type = attribute(*record, "type");
      if (reference.empty()) fail("", wrong_tree("Include a reference ID for each record in the request"));
      if (!references_.insert(reference).second)
        fail(reference, wrong_tree("Duplicate ReferenceId provided in the request"));
      if (type.empty()) fail(reference, wrong_tree("Include a type for each record in the request"));
      types_.insert(folded(type));
      for (const auto& [key, child] : *record)
        if (const json::array* children = records_in(child)) check(*children, level + 1);
    }
    if (references_.size() > most_records) fail("", wrong_tree("The tree has more than 200 records"));
    if (types_.size() > most_types) fail("", wrong_tree("The tree has more than 5 types of records"));
  }

  void plant(const json::array& records, std::optional<Schema::Child> as_child, RecordKey parent) {
    for (const json::value& value : records) plant(value.as_object(), as_child, parent);
  }

  bool failed() const { return !errors_.empty(); }
  json::array results() const { return failed() ? errors_ : planted_; }

 private:
  void fail(const std::string& reference, const ApiError& error) {
    json::object result{{"referenceId", reference}};
    result["errors"] = row_result(error).at("errors");
    errors_.emplace_back(std::move(result));
  }

  void plant(const json::object& record, std::optional<Schema::Child> as_child, RecordKey parent) {
    const std::string reference = attribute(record, "referenceId"), type = attribute(record, "type");
    const Object* object = as_child ? as_child->object : org_.schema().find(call_.path[2]);
    if (!object || !same_name(object->name, type))
      return fail(reference, wrong_tree("The type " + type + " is not expected here"));
    json::object fields;
    std::vector<std::pair<Schema::Child, const json::array*>> below;
    for (const auto& [key, value] : record) {
      const json::array* children = records_in(value);
      if (!children) {
        if (key != "attributes") fields[key] = value;
      } else if (const auto child = org_.schema().find_child(*object, key)) {
        below.emplace_back(*child, children);
      } else {
        return fail(reference, {400, "INVALID_FIELD",
                                "No such column '" + std::string{key} + "' on sobject of type " + object->name});
      }
    }
    if (as_child) fields[as_child->reference().name] = org_.id_of(parent);
    if (const auto fault = call_.row_fault()) return fail(reference, *fault);
    const auto number = org_.insert(*object, fields, call_.caller);
    if (!number) return fail(reference, number.error());
    const RecordKey made{object->index, *number};
    planted_.push_back({{"referenceId", reference}, {"id", org_.id_of(made)}});
    for (const auto& [child, children] : below) plant(*children, child, made);
  }

  Org& org_;
  const Call& call_;
  std::set<std::string> references_, types_;
  json::array planted_, errors_;
};

}  // namespace

Reply CompositeTree::answer(const Call& call) {
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  if (const auto object = org_.object(call.path[2]); !object) return refuse(object.error());
  boost::system::error_code wrong;
  const json::value body = json::parse(call.body, wrong);
  const json::array* records = wrong ? nullptr : records_in(body);
  if (!records) return refuse(bad_json_error);
  Planting planting{org_, call};
  planting.check(*records, 1);
  {
    Org::Transaction transaction{org_};
    if (!planting.failed()) planting.plant(*records, std::nullopt, {});
    if (!planting.failed()) transaction.commit();
  }
  return {planting.failed() ? unconfirmed::tree_failed_status : unconfirmed::tree_created_status,
          json::serialize(json::object{{"hasErrors", planting.failed()}, {"results", planting.results()}})};
}

}  // namespace simulator
