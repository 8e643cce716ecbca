#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/ports/org.h"
#include "salesforce/auth.h"
#include "salesforce/transport.h"

namespace salesforce {

/// Plays a script and keeps what it was sent. A request beyond the script fails the test.
class ScriptedTransport final : public Transport {
 public:
  ScriptedTransport& then(int status, std::string body, std::vector<Header> headers = {}) {
    headers.push_back({"date", "Sat, 31 Jan 2026 10:11:12 GMT"});
    return then(Answer{status, std::move(headers), std::move(body)});
  }
  ScriptedTransport& then(base::Result<Answer> answer) {
    script_.push_back(std::move(answer));
    return *this;
  }
  ScriptedTransport& then_fail(base::ErrorKind kind) { return then(base::failure(kind, "the wire broke")); }

  base::Result<Answer> send(const Request& request) override {
    sent.push_back(request);
    if (on_send) on_send(request);
    if (script_.empty()) {
      ADD_FAILURE() << "nothing scripted for " << request.method << " " << request.url;
      return base::failure(base::ErrorKind::unreachable, "nothing scripted");
    }
    auto answer = std::move(script_.front());
    script_.pop_front();
    return answer;
  }

  bool played_out() const { return script_.empty(); }

  std::vector<Request> sent;
  std::function<void(const Request&)> on_send;

 private:
  std::deque<base::Result<Answer>> script_;
};

inline Credentials credentials(std::string access, std::string refresh, std::string instance = {}) {
  return {base::Secret{std::move(access)}, base::Secret{std::move(refresh)}, std::move(instance)};
}

/// "access refresh instance", for comparing.
inline std::string shown(const Credentials& held) {
  return held.access_token.reveal() + " " + held.refresh_token.reveal() + " " + held.instance_url;
}

/// A vault in memory that several sessions may share, as processes share a store; keeps a list of what was saved.
class MemoryVault final : public Vault {
 public:
  base::Result<Credentials> load() override {
    const std::lock_guard lock{mutex_};
    return held;
  }
  base::Result<void> save(const Credentials& given) override {
    const std::lock_guard lock{mutex_};
    if (failing_saves > 0) {
      --failing_saves;
      return base::failure(base::ErrorKind::unreachable, "the disk is full");
    }
    if (dies_at_save) std::rethrow_exception(dies_at_save);
    held = given;
    saved.push_back(given);
    return {};
  }
  base::Result<std::unique_ptr<Turn>> take_turn() override {
    struct Held final : Turn {
      explicit Held(std::atomic<bool>& the_taken) : taken(the_taken) {}
      ~Held() override { taken = false; }
      std::atomic<bool>& taken;
    };
    if (taken.exchange(true)) return nullptr;
    return std::make_unique<Held>(taken);
  }
  base::Result<Renewal> renewal() override {
    const std::lock_guard lock{mutex_};
    return noted;
  }
  base::Result<void> save(const Renewal& renewal) override {
    const std::lock_guard lock{mutex_};
    noted = renewal;
    return {};
  }
  std::string fingerprint(std::string_view secret) const override {
    return std::to_string(std::hash<std::string_view>{}(secret));
  }

  Credentials held;
  Renewal noted;
  std::atomic<bool> taken = false;
  std::vector<Credentials> saved;
  int failing_saves = 0;
  std::exception_ptr dies_at_save;

 private:
  std::mutex mutex_;
};

inline std::string header_in(const Request& request, std::string_view name) {
  for (const Header& header : request.headers)
    if (header.name == name) return header.value;
  return {};
}

inline model::RecordId id_of(std::string_view text) {
  const auto id = model::RecordId::parse(text);
  EXPECT_TRUE(id) << text;
  return id.value_or(model::RecordId{});
}

/// The n-th contact's record id.
inline model::RecordId contact_id(std::size_t n) {
  std::string text = "003000000000000";
  for (std::size_t place = 15; n > 0; n /= 10) text[--place] = static_cast<char>('0' + n % 10);
  return id_of(text);
}

inline model::FieldMapping field(std::string column, std::string org_field,
                                 model::FieldKind kind = model::FieldKind::text, std::int32_t scale = 0) {
  model::FieldMapping out;
  out.column = std::move(column);
  out.org_field = std::move(org_field);
  out.type = {.kind = kind, .scale = scale};
  return out;
}

inline model::Mapping contacts() {
  model::Mapping mapping;
  mapping.object = "Contact";
  mapping.table = "contacts";
  mapping.upsert_field = "Lockstep_Id__c";
  mapping.fields = {field("first_name", "FirstName"),
                    field("last_name", "LastName"),
                    field("score", "Score__c", model::FieldKind::number, 2),
                    field("opted_out", "HasOptedOutOfEmail", model::FieldKind::boolean),
                    field("born", "Birthdate", model::FieldKind::date),
                    field("seen_at", "Seen__c", model::FieldKind::datetime),
                    field("company", "Account.Name")};
  mapping.fields.back().role = model::FieldRole::parent_name;
  return mapping;
}

}  // namespace salesforce
