#include "simulator/org/binder.h"

#include "simulator/org/path.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

constexpr std::size_t most_relationships = 55;

}  // namespace

void Binder::refuse(std::string_view code, std::size_t at, std::string_view message) const {
  throw ApiError{400, std::string{code}, soql::with_caret(text, at, message)};
}

soql::Path Binder::expanded(const soql::Path& written, std::size_t aliases) const {
  const std::string& first = written.parts.front();
  if (written.parts.size() < 2) return written;
  soql::Path out{{}, written.at};
  const auto rest = [&](std::size_t from) {
    out.parts.insert(out.parts.end(), written.parts.begin() + static_cast<std::ptrdiff_t>(from), written.parts.end());
    return out;
  };
  for (std::size_t i = 0; i < aliases; ++i) {
    const auto& [alias, meaning] = statement.aliases[i];
    if (!same_name(alias, first)) continue;
    if (!meaning.parts.empty()) out = expanded(meaning, i);
    out.at = written.at;
    return rest(1);
  }
  const bool is_own = same_name(first, object.name) || same_name(first, statement.object.parts.back());
  return is_own && !object.find_relation(first) ? rest(1) : written;
}

void Binder::check_from() const {
  for (std::size_t i = 0; i < statement.aliases.size(); ++i) {
    soql::Path id = statement.aliases[i].second;
    if (id.parts.empty()) continue;
    id = expanded(id, i);
    id.parts.emplace_back("Id");
    if (!resolve(world, object, id, text))
      refuse("INVALID_TYPE", id.at,
             "A driving SObject type has already been set, all other entity types in the FROM clause must be "
             "relationships to the initial object. The driving object is " +
                 object.name + ".");
  }
}

FieldPath Binder::path(const soql::Path& written) const {
  const soql::Path full = expanded(written);
  std::string relationship = object.name;
  for (std::size_t i = 0; i + 1 < full.parts.size(); ++i) {
    (relationship += '.') += folded(full.parts[i]);
    tally.relationships.insert(relationship);
  }
  if (tally.relationships.size() > most_relationships)
    malformed(written.at, "A query may name at most 55 child-to-parent relationships");
  auto found = resolve(world, object, full, text);
  if (!found) throw std::move(found).error();
  return *std::move(found);
}

Term Binder::term(const soql::Expression& expression) const {
  using soql::Function;
  Term out{path(expression.field)};
  out.name = folded(soql::Expression{expression.functions, expanded(expression.field), 0}.text());
  const FieldType type = out.field().type;
  for (std::size_t i = 0; i < expression.functions.size(); ++i) {
    const Function function = expression.functions[i];
    if (soql::is_date_function(function) && i == 0) {
      const bool needs_time = function == Function::hour_in_day || function == Function::day_only;
      if (type != FieldType::datetime && (needs_time || type != FieldType::date))
        malformed(expression.at,
                  "field '" + out.field().name + "' does not support function " + std::string{soql::name_of(function)});
      out.function = function;
    } else if (function == Function::convert_timezone && i == 1 && out.function && type == FieldType::datetime) {
      out.in_user_zone = true;
    } else {
      malformed(expression.at, "function " + std::string{soql::name_of(function)} + " is not allowed here");
    }
  }
  return out;
}

const Object& object_named(const World& world, const soql::Path& path, std::string_view text) {
  const Object* const object = path.parts.size() == 1 ? world.schema.find(path.parts.front()) : nullptr;
  if (object == nullptr)
    throw ApiError{400, "INVALID_TYPE",
                   soql::with_caret(text, path.at,
                                    "sObject type '" + path.text() +
                                        "' is not supported. If you are attempting to use a custom object, be sure to "
                                        "append the '__c' after the entity name. Please reference your WSDL or the "
                                        "describe call for the appropriate names.")};
  return *object;
}

}  // namespace simulator
