#pragma once

#include <boost/json/object.hpp>

#include "simulator/http/resource.h"

namespace simulator {

/// /__sim/…: what happens in an org behind a client's back and has no REST resource: merges, undeletes, conversions of
/// leads, rules of an administrator, values that change silently, fields and records that hide, transactions that take
/// their time. simulator/README.md lists them.
class Happenings {
 public:
  explicit Happenings(OrgAccess access) : access_(access) {}
  /// What `name` ("merge") does with this body for this caller; nothing if there is no such thing. `rest` are the
  /// segments behind the name.
  std::optional<Reply> answer(std::string_view method, std::string_view name, std::span<const std::string> rest,
                              const std::string& body, const Caller& caller);

 private:
  Outcome<boost::json::value> rules(std::string_view method, const std::string& body);
  Outcome<boost::json::value> merge(const boost::json::object& given, const Caller& caller);
  Outcome<boost::json::value> each_id(std::string_view name, const boost::json::object& given, const Caller& caller);
  Outcome<boost::json::value> convert(const boost::json::object& given, const Caller& caller);
  Outcome<boost::json::value> silently(const boost::json::object& given);
  Outcome<boost::json::value> hide(const boost::json::object& given);
  Outcome<boost::json::value> late(std::span<const std::string> rest, const boost::json::object& given,
                                   const Caller& caller);
  Outcome<void> write(const boost::json::object& given, const Caller& caller, std::string& id);

  /// The record of any object, living or in the recycle bin, that an id means. MALFORMED_ID, NOT_FOUND.
  Outcome<RecordKey> record(std::string_view id) const;
  Outcome<RecordKey> record_at(const boost::json::object& given, std::string_view key) const;

  OrgAccess access_;
};

}  // namespace simulator
