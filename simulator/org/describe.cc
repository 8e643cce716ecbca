#include "simulator/org/describe.h"

#include <boost/json.hpp>
#include <optional>

#include "simulator/org/text.h"

namespace simulator {
namespace {

/// Writes the members of one JSON object.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void raw(std::string_view key, std::string_view json) {
    if (!first_) out_ += ',';
    first_ = false;
    ((append_key(key)) += ':') += json;
  }
  void flag(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  void number(std::string_view key, std::size_t value) { raw(key, std::to_string(value)); }
  void text(std::string_view key, std::string_view value) { raw(key, quoted_json(value)); }
  void null(std::string_view key) { raw(key, "null"); }
  void text_or_null(std::string_view key, std::string_view value) {
    if (value.empty()) {
      null(key);
    } else {
      text(key, value);
    }
  }
  void close() { out_ += '}'; }

 private:
  std::string& append_key(std::string_view key) {
    append_json(out_, key);
    return out_;
  }
  std::string& out_;
  bool first_ = true;
};

std::string_view soap_type(const Field& field) {
  switch (field.type) {
    case FieldType::id:
    case FieldType::reference:
      return "tns:ID";
    case FieldType::boolean:
      return "xsd:boolean";
    case FieldType::integer:
      return "xsd:int";
    case FieldType::currency:
    case FieldType::real:
    case FieldType::percent:
      return "xsd:double";
    case FieldType::date:
      return "xsd:date";
    case FieldType::datetime:
      return "xsd:dateTime";
    case FieldType::address:
      return "urn:address";
    default:
      return "xsd:string";
  }
}

std::string picklist_values(const Field& field) {
  std::string out = "[";
  for (const PicklistValue& value : field.picklist) {
    if (out.size() > 1) out += ',';
    Members m{out};
    m.flag("active", value.active);
    m.flag("defaultValue", value.is_default);
    m.text("label", value.label);
    m.null("validFor");
    m.text("value", value.value);
    m.close();
  }
  return out += ']';
}

void append_field(std::string& out, const Field& field) {
  if (!field.described.empty()) {
    out += field.described;
    return;
  }
  const bool is_address = field.type == FieldType::address;
  std::string target_names = "[";
  for (const std::string& target : field.targets) {
    if (target_names.size() > 1) target_names += ',';
    target_names += quoted_json(target);
  }
  target_names += ']';
  Members f{out};
  f.flag("aggregatable", field.is_aggregatable());
  f.flag("aiPredictionField", false);
  f.flag("autoNumber", field.auto_number);
  const bool bytes_equal_characters =
      field.type == FieldType::id || field.type == FieldType::reference || field.length >= 4000;
  f.number("byteLength", bytes_equal_characters ? field.length : field.length * 3);
  f.flag("calculated", field.calculated);
  f.text_or_null("calculatedFormula", field.formula);
  f.flag("cascadeDelete", field.cascade_delete);
  f.flag("caseSensitive", field.case_sensitive);
  f.text_or_null("compoundFieldName", field.compound);
  f.null("controllerName");
  f.flag("createable", field.createable);
  f.flag("custom", field.custom);
  if (field.type == FieldType::boolean) {
    f.flag("defaultValue", false);
  } else {
    f.null("defaultValue");
  }
  f.null("defaultValueFormula");
  f.flag("defaultedOnCreate", field.defaulted);
  f.flag("dependentPicklist", false);
  f.flag("deprecatedAndHidden", false);
  f.number("digits", field.type == FieldType::integer ? 9 : 0);
  f.flag("displayLocationInDecimal", false);
  f.flag("encrypted", false);
  f.flag("externalId", field.external_id);
  if (field.compound == "Name") {
    f.text("extraTypeInfo", "personname");
  } else if (field.type == FieldType::textarea) {
    f.text("extraTypeInfo", "plaintextarea");
  } else {
    f.null("extraTypeInfo");
  }
  f.flag("filterable", field.filterable);
  f.null("filteredLookupInfo");
  f.flag("formulaTreatNullNumberAsZero", false);
  f.flag("groupable", field.is_groupable());
  f.flag("highScaleNumber", false);
  f.flag("htmlFormatted", false);
  f.flag("idLookup", field.id_lookup);
  f.null("inlineHelpText");
  f.text("label", field.label);
  f.number("length", field.length);
  f.null("mask");
  f.null("maskType");
  f.text("name", field.name);
  f.flag("nameField", field.name_field);
  f.flag("namePointing", field.is_polymorphic());
  f.flag("nillable", field.nillable);
  f.flag("permissionable", field.nillable && field.source == Source::stored);
  f.raw("picklistValues", picklist_values(field));
  f.flag("polymorphicForeignKey", field.is_polymorphic());
  f.number("precision", static_cast<std::size_t>(field.type == FieldType::integer ? 0 : field.precision));
  f.flag("queryByDistance", is_address);
  f.null("referenceTargetField");
  f.raw("referenceTo", target_names);
  f.text_or_null("relationshipName", field.relationship);
  f.null("relationshipOrder");
  f.flag("restrictedDelete", field.restricted_delete);
  f.flag("restrictedPicklist", field.restricted);
  f.number("scale", static_cast<std::size_t>(field.scale));
  f.flag("searchPrefilterable", field.type == FieldType::reference);
  f.text("soapType", soap_type(field));
  f.flag("sortable", field.is_sortable());
  f.text("type", name_of(field.type));
  f.flag("unique", field.unique);
  f.flag("updateable", field.updateable);
  f.flag("writeRequiresMasterRead", false);
  f.close();
}

std::string child_relationships(const Schema& schema, const Object& parent) {
  std::string out = "[";
  for (const Schema::Child& child : schema.children_of(parent)) {
    const Field& field = child.reference();
    if (field.hidden) continue;
    if (out.size() > 1) out += ',';
    Members m{out};
    m.flag("cascadeDelete", field.cascade_delete);
    m.text("childSObject", child.object->name);
    m.flag("deprecatedAndHidden", false);
    m.text("field", field.name);
    m.raw("junctionIdListNames", "[]");
    m.raw("junctionReferenceTo", "[]");
    m.text_or_null("relationshipName", field.child_relationship);
    m.flag("restrictedDelete", field.restricted_delete);
    m.close();
  }
  return out += ']';
}

void add_brief_start(Members& m, const Object& object) {
  m.flag("activateable", false);
  m.null("associateEntityType");
  m.null("associateParentEntity");
  m.flag("createable", object.createable);
  m.flag("custom", object.custom);
  m.flag("customSetting", false);
  m.flag("deepCloneable", false);
  m.flag("deletable", object.deletable);
  m.flag("deprecatedAndHidden", false);
  m.flag("feedEnabled", true);
  m.flag("hasSubtypes", false);
  m.flag("isInterface", false);
  m.flag("isSubtype", false);
  m.text("keyPrefix", object.prefix);
  m.text("label", object.label);
  m.text("labelPlural", object.plural);
  m.flag("layoutable", object.layoutable);
  m.flag("mergeable", object.mergeable);
  m.flag("mruEnabled", object.layoutable);
  m.text("name", object.name);
  m.flag("queryable", object.queryable);
  m.flag("replicateable", object.replicateable);
  m.flag("retrieveable", true);
  m.flag("searchable", object.searchable);
  m.flag("triggerable", true);
  m.flag("undeletable", object.undeletable);
  m.flag("updateable", object.updateable);
}

/// `site` is where people see the object; the list of all objects names no pages of it.
void add_urls(Members& m, const Object& object, std::string_view root, std::optional<std::string_view> site) {
  const std::string base = std::string{root} + "/sobjects/" + object.name;
  std::string urls;
  Members u{urls};
  u.text("compactLayouts", base + "/describe/compactLayouts");
  u.text("rowTemplate", base + "/{ID}");
  u.text("approvalLayouts", base + "/describe/approvalLayouts");
  u.text("listviews", base + "/listviews");
  u.text("describe", base + "/describe");
  u.text("quickActions", base + "/quickActions");
  u.text("layouts", base + "/describe/layouts");
  u.text("sobject", base);
  if (site) {
    u.text("uiDetailTemplate", std::string{*site} + "/{ID}");
    u.text("uiEditTemplate", std::string{*site} + "/{ID}/e");
    u.text("uiNewRecord", std::string{*site} + "/" + object.prefix + "/e");
  }
  u.close();
  m.raw("urls", urls);
}

/// What the describe file of the object says, with the fields that are seen and this org's addresses.
std::string described(const Object& object, std::string_view fields, std::string_view root, std::string_view site) {
  const boost::json::value file = boost::json::parse(object.described);
  std::string out;
  Members m{out};
  for (const auto& [key, value] : file.get_object()) {
    if (key == "fields") {
      m.raw(key, fields);
    } else if (key == "urls") {
      add_urls(m, object, root, site);
    } else {
      m.raw(key, boost::json::serialize(value));
    }
  }
  if (!file.get_object().contains("urls")) add_urls(m, object, root, site);
  m.close();
  return out;
}

}  // namespace

std::string describe_briefly(const Object& object, std::string_view root) {
  std::string out;
  Members m{out};
  add_brief_start(m, object);
  add_urls(m, object, root, std::nullopt);
  m.close();
  return out;
}

std::string describe_global(const Schema& schema, std::string_view root) {
  std::string out = "{\"encoding\":\"UTF-8\",\"maxBatchSize\":200,\"sobjects\":[";
  for (const Object& object : schema.objects()) {
    if (object.index > 0) out += ',';
    out += describe_briefly(object, root);
  }
  return out += "]}";
}

std::string describe(const Schema& schema, const Object& object, std::string_view root, std::string_view site) {
  std::string fields = "[";
  for (const Field& field : object.fields) {
    if (field.hidden) continue;
    if (fields.size() > 1) fields += ',';
    append_field(fields, field);
  }
  fields += ']';
  if (!object.described.empty()) return described(object, fields, root, site);
  std::string out;
  Members m{out};
  m.raw("actionOverrides", "[]");
  m.raw("childRelationships", child_relationships(schema, object));
  m.flag("compactLayoutable", true);
  add_brief_start(m, object);
  m.raw("fields", fields);
  m.null("listviewable");
  m.null("lookupLayoutable");
  m.raw("namedLayoutInfos", "[]");
  m.null("networkScopeFieldName");
  m.raw("recordTypeInfos",
        "[{\"active\":true,\"available\":true,\"defaultRecordTypeMapping\":true,\"developerName\":\"Master\","
        "\"master\":true,\"name\":\"Master\",\"recordTypeId\":\"012000000000000AAA\",\"urls\":{}}]");
  m.flag("searchLayoutable", true);
  m.text("sobjectDescribeOption", "FULL");
  m.raw("supportedScopes", object.find("OwnerId")
                               ? "[{\"label\":\"All\",\"name\":\"everything\"},{\"label\":\"Mine\",\"name\":\"mine\"}]"
                               : "[{\"label\":\"All\",\"name\":\"everything\"}]");
  add_urls(m, object, root, site);
  m.close();
  return out;
}

}  // namespace simulator
