#include "core/compile_transform.h"

#include <algorithm>
#include <boost/json.hpp>

namespace core {
namespace {

namespace json = boost::json;
using model::NamePart;
using model::SyncDirection;
using model::TransformStep;
using Kind = TransformStep::Kind;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view allowed =
    "allowed are \"trim\", \"upper\", \"lower\", \"title\", {\"truncate\": 40}, {\"default\": \"x\"}, {\"constant\": "
    "\"x\"}, {\"toSalesforce\": {\"won\": \"Closed Won\"}}, {\"toCrm\": {\"Closed Won\": \"won\"}}, {\"split\": "
    "\"first\"}, {\"split\": \"last\"}, {\"join\": [\"lastName\"]}, and several of them in an array";
constexpr std::string_view say_direction =
    "so nothing can come back: give the field the direction crm_to_salesforce or salesforce_to_crm";

std::unexpected<base::Error> refuse(std::string message) {
  return base::failure(base::ErrorKind::settings, std::move(message), "INVALID_TRANSFORM");
}

std::unexpected<base::Error> not_understood(const json::value& value) {
  return refuse("its transform " + json::serialize(value) + " is not understood; " + std::string{allowed});
}

std::string text_of(json::string_view text) { return {text.data(), text.size()}; }

/// A scalar as the text that stands for it.
std::optional<std::string> scalar(const json::value& value) {
  if (value.is_string()) return text_of(value.get_string());
  if (value.is_bool() || value.is_number()) return json::serialize(value);
  return std::nullopt;
}

std::optional<Pairs> pairs_of(const json::value& value) {
  if (!value.is_object() || value.get_object().empty()) return std::nullopt;
  Pairs pairs;
  for (const auto& entry : value.get_object()) {
    auto to = scalar(entry.value());
    if (!to) return std::nullopt;
    pairs.emplace_back(text_of(entry.key()), *std::move(to));
  }
  std::ranges::sort(pairs);
  return pairs;
}

/// The pairs the other way round, each value once: the first of several.
Pairs inverted(const Pairs& pairs) {
  Pairs out;
  for (const auto& [from, to] : pairs)
    if (std::ranges::find(out, to, &std::pair<std::string, std::string>::first) == out.end()) out.emplace_back(to, from);
  std::ranges::sort(out);
  return out;
}

/// Two keys that become one value, if there are any.
std::optional<std::array<std::string, 3>> meeting(const Pairs& pairs) {
  for (std::size_t i = 0; i < pairs.size(); ++i)
    for (std::size_t k = i + 1; k < pairs.size(); ++k)
      if (pairs[i].second == pairs[k].second) return std::array{pairs[i].first, pairs[k].first, pairs[i].second};
  return std::nullopt;
}

const std::string* find(const Pairs& pairs, std::string_view key) {
  const auto found = std::ranges::lower_bound(pairs, key, {}, [](const auto& pair) -> std::string_view {
    return pair.first;
  });
  return found != pairs.end() && found->first == key ? &found->second : nullptr;
}

/// Reads one transform after the other.
class Compiler {
 public:
  Compiler(SyncDirection direction, const model::FieldType& type) : direction_(direction), type_(type) {}

  base::Result<void> read(const json::value& value) {
    if (value.is_array()) {
      for (const json::value& each : value.get_array()) RETURN_IF_ERROR(read(each));
      return {};
    }
    if (value.is_string()) return read_word(value, text_of(value.get_string()));
    if (!value.is_object()) return not_understood(value);
    const json::object& object = value.get_object();
    const auto* to_org = object.if_contains("toSalesforce");
    const auto* to_row = object.if_contains("toCrm");
    if (to_org || to_row) {
      if (object.size() != (to_org && to_row ? 2u : 1u)) return not_understood(value);
      return read_maps(value, to_org, to_row);
    }
    if (object.size() != 1) return not_understood(value);
    const std::string name = text_of(object.begin()->key());
    const json::value& what = object.begin()->value();
    if (name == "case" && what.is_string()) return read_word(value, text_of(what.get_string()));
    if (name == "trim" && what.is_bool() && what.get_bool()) return read_word(value, "trim");
    if (name == "truncate" && what.is_int64() && what.get_int64() > 0)
      return add_truncate(static_cast<std::size_t>(what.get_int64()));
    if (name == "split" && what.is_string()) return add_split(value, text_of(what.get_string()));
    if (name == "join" && what.is_array()) return add_join(value, what.get_array());
    const auto text = scalar(what);
    if (name == "default" && text) return add_projection({.kind = Kind::fallback, .text = *text});
    if (name == "constant" && text) {
      if (direction_ == SyncDirection::both)
        return refuse("its transform gives \"" + *text + "\" whatever there is, " + std::string{say_direction});
      out_.is_constant = true;
      return add_projection({.kind = Kind::constant, .text = *text});
    }
    return not_understood(value);
  }

  base::Result<CompiledTransform> finish() {
    if (direction_ == SyncDirection::both) {
      std::ranges::reverse(transform_.to_row);
      RETURN_IF_ERROR(check_round_trip());
    }
    std::ranges::sort(transform_.no_way_back);
    out_.transform = std::make_shared<const model::Transform>(std::move(transform_));
    return std::move(out_);
  }

 private:
  /// Together the steps must bring back what each value map alone would.
  base::Result<void> check_round_trip() const {
    base::Arena arena;
    for (const TransformStep& step : transform_.to_org)
      for (const auto& [crm, salesforce] : step.pairs) {
        const model::Raw out = transformed(transform_.to_org, crm, arena);
        const model::Raw back = transformed(transform_.to_row, out, arena);
        if (!back || !find(step.pairs, *back))
          return refuse("its transforms together send \"" + crm + "\" as \"" + std::string{out.value_or("")} +
                        "\", which comes back as \"" + std::string{back.value_or("")} +
                        "\": change their order or the map, or give the field one direction");
      }
    return {};
  }

  /// A step that is its own way back: done twice it is done once.
  base::Result<void> add_projection(const TransformStep& step) {
    if (direction_ != SyncDirection::to_store) transform_.to_org.push_back(step);
    if (direction_ != SyncDirection::to_org) transform_.to_row.push_back(step);
    return {};
  }

  base::Result<void> read_word(const json::value& value, std::string_view word) {
    if (word == "trim") return add_projection({.kind = Kind::trim});
    if (word == "upper") return add_projection({.kind = Kind::upper});
    if (word == "lower") return add_projection({.kind = Kind::lower});
    if (word == "title") return add_projection({.kind = Kind::title});
    return not_understood(value);
  }

  base::Result<void> add_truncate(std::size_t length) {
    if (direction_ == SyncDirection::both && (type_.length == 0 || length < static_cast<std::size_t>(type_.length)))
      return refuse("its transform cuts values off after " + std::to_string(length) +
                    " characters, and what was cut off cannot come back: give the field the direction "
                    "crm_to_salesforce or salesforce_to_crm");
    return add_projection({.kind = Kind::truncate, .length = length});
  }

  base::Result<void> add_split(const json::value& value, std::string_view part) {
    if (part != "first" && part != "last") return not_understood(value);
    const bool first = part == "first";
    if (direction_ == SyncDirection::to_store) {
      transform_.to_row.push_back({.kind = first ? Kind::first_name : Kind::last_name});
      return {};
    }
    if (transform_.part != NamePart::none || !transform_.to_org.empty())
      return refuse("its transform splits a name after something else was done to it: put \"split\" first");
    transform_.part = first ? NamePart::first : NamePart::last;
    return {};
  }

  base::Result<void> add_join(const json::value& value, const json::array& columns) {
    if (direction_ != SyncDirection::to_org)
      return refuse("its transform joins several columns, and a joined value cannot be taken apart again for sure: "
                    "give the field the direction crm_to_salesforce");
    for (const json::value& column : columns) {
      if (!column.is_string()) return not_understood(value);
      out_.more_columns.push_back(text_of(column.get_string()));
    }
    return {};
  }

  base::Result<void> read_maps(const json::value& value, const json::value* to_org, const json::value* to_row) {
    const auto org_pairs = to_org ? pairs_of(*to_org) : std::nullopt;
    const auto row_pairs = to_row ? pairs_of(*to_row) : std::nullopt;
    if ((to_org && !org_pairs) || (to_row && !row_pairs)) return not_understood(value);
    const Pairs& given = org_pairs ? *org_pairs : *row_pairs;
    const bool needs_other = (!org_pairs && direction_ != SyncDirection::to_store) ||
                             (!row_pairs && direction_ != SyncDirection::to_org);
    if (needs_other)
      if (const auto met = meeting(given))
        return refuse("its transform makes \"" + (*met)[2] + "\" of both \"" + (*met)[0] + "\" and \"" + (*met)[1] +
                      "\", so \"" + (*met)[2] + "\" cannot come back as one of them: map one to another value, say " +
                      (org_pairs ? "\"toCrm\"" : "\"toSalesforce\"") + " too, or give the field one direction");
    const Pairs forth = org_pairs ? *org_pairs : inverted(*row_pairs);
    const Pairs back = row_pairs ? *row_pairs : inverted(*org_pairs);
    if (direction_ == SyncDirection::both) {
      for (const auto& [crm, salesforce] : forth) {
        const std::string* returned = find(back, salesforce);
        const std::string* again = returned ? find(forth, *returned) : nullptr;
        if (!again || *again != salesforce)
          return refuse("its transform sends \"" + crm + "\" as \"" + salesforce + "\", which comes back as \"" +
                        (returned ? *returned : salesforce) + "\" and would go out as \"" +
                        (again ? *again : returned ? *returned : salesforce) +
                        "\": let \"toSalesforce\" and \"toCrm\" agree, or give the field one direction");
        // Unlisted values stay as they are; this one would not, on its way back to the org.
        if (!find(back, crm) && crm != salesforce) transform_.no_way_back.push_back(crm);
      }
      for (const auto& [salesforce, crm] : back) {
        const std::string* again = find(forth, crm);
        if (again ? *again != salesforce : crm != salesforce)
          return refuse("its transform stores \"" + salesforce + "\" as \"" + crm + "\", which goes out as \"" +
                        (again ? *again : crm) +
                        "\": let \"toSalesforce\" and \"toCrm\" agree, or give the field one direction");
      }
    }
    if (direction_ != SyncDirection::to_store) transform_.to_org.push_back({.kind = Kind::value_map, .pairs = forth});
    if (direction_ != SyncDirection::to_org) transform_.to_row.push_back({.kind = Kind::value_map, .pairs = back});
    return {};
  }

  const SyncDirection direction_;
  const model::FieldType& type_;
  model::Transform transform_;
  CompiledTransform out_;
};

}  // namespace

base::Result<CompiledTransform> compile_transform(std::string_view text, SyncDirection direction,
                                                  const model::FieldType& type) {
  boost::system::error_code failed;
  const json::value value = json::parse(json::string_view{text.data(), text.size()}, failed);
  if (failed) return refuse("its transform is no JSON; " + std::string{allowed});
  Compiler compiler{direction, type};
  RETURN_IF_ERROR(compiler.read(value));
  return compiler.finish();
}

}  // namespace core
