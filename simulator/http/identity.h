#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/org.h"

namespace simulator {

/// The id of the organization's own record, 18 characters.
std::string organization_id();

/// A user as sign-in and the identity URL know them. The org is to be held meanwhile.
struct Person {
  std::uint64_t number = 0;
  std::string id, username, first_name, last_name, nickname, email, time_zone, locale, language, user_type;
  bool active = false;
  base::Utc modified;

  std::string name() const { return first_name.empty() ? last_name : first_name + " " + last_name; }
};
std::optional<Person> person(const Org& org, std::uint64_t number);
std::vector<Person> people(const Org& org);
/// Without regard to case.
std::optional<Person> person_named(const Org& org, std::string_view username);
/// By username or user id.
std::optional<Person> person_meant(const Org& org, std::string_view who);

/// What the identity URL answers. `base_url` is "https://acme.my.salesforce.com".
std::string identity_json(const Person& person, const std::string& base_url);
/// What userinfo answers (OpenID Connect).
std::string userinfo_json(const Person& person, const std::string& base_url);
std::string identity_url(const Person& person, const std::string& base_url);

}  // namespace simulator
