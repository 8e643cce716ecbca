#include "salesforce/auth.h"

#include <thread>
#include <utility>

#include "base/time_text.h"
#include "salesforce/errors.h"
#include "salesforce/json.h"
#include "salesforce/secret_scan.h"

namespace salesforce {
namespace {

using base::ErrorKind;
using namespace std::chrono_literals;

constexpr auto patience = 90s;          ///< With another process that signs in; its own deadlines are shorter.
constexpr auto between_looks = 100ms;
constexpr int most_renewals = 3;        ///< Of one call: a token may die on its way to a busy org.

std::unexpected<base::Error> never_content() {
  return base::failure(ErrorKind::unauthorized,
                       "Salesforce signs us in and refuses the token that it has just issued. Check the session "
                       "settings of the org (\"Lock sessions to the IP address\") and the login IP ranges of the "
                       "integration user's profile.",
                       "INVALID_SESSION_ID");
}

/// An org, or a proxy before it, that repeats our token in its refusal is quoted nowhere.
void drop_if_it_repeats(Answer& answer, const base::Secret& token) {
  if (answer.status >= 200 && answer.status < 300) return;
  const std::string& text = token.reveal();
  const auto secret_part = text.find('!') + 1;  // Before it stands the org's id; npos + 1 is 0.
  if (text.size() - secret_part < 8) return;
  SecretScan scan;
  scan.add(base::Secret{text.substr(secret_part)});
  if (scan.finds_in(answer.body)) base::wipe(answer.body);
}

}  // namespace

Session::Session(SessionSettings settings, Vault& vault, Transport& transport, const base::Clock& clock, Wait wait)
    : settings_(std::move(settings)),
      vault_(vault),
      clock_(clock),
      wait_(wait ? std::move(wait) : [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }),
      transport_(transport) {}

bool Session::is_usable(const Credentials& credentials) const {
  return !credentials.access_token.empty() &&
         may_hold_org(credentials.instance_url, is_loopback(settings_.login_url), settings_.domains);
}

Grant Session::grant_from(const Credentials& known) const {
  switch (settings_.flow) {
    case Flow::web:
    case Flow::refresh_token: return {Grant::Kind::refresh_token, known.refresh_token};
    case Flow::jwt: return {Grant::Kind::jwt};
    case Flow::client_credentials: return {Grant::Kind::client_credentials};
    case Flow::password: return {Grant::Kind::password};
  }
  std::unreachable();
}

/// Everything that may be behind a refusal: when any of it is mended, the org is asked again.
Session::Prints Session::fingerprints_of(const Grant& grant, const Renewal& known) const {
  std::string all;
  const auto add = [&](const std::string& part) { (all += std::to_string(part.size()) + ":") += part; };
  for (const std::string* part : {&settings_.login_url, &settings_.client_id, &settings_.client_secret.reveal(),
                                  &settings_.username, &settings_.private_key.reveal(), &settings_.password.reveal(),
                                  &settings_.org_id, &grant.value.reveal()})
    add(*part);
  for (const std::string& domain : settings_.domains) add(domain);
  const auto print_of = [&](std::string_view secret, const std::string& before) {
    return vault_.is_fingerprint(before, secret) ? before : vault_.fingerprint(secret);
  };
  Prints prints{print_of(all, known.grant), {}};
  if (!grant.value.empty()) prints.token = print_of(grant.value.reveal(), known.token);
  base::wipe(all);
  return prints;
}

base::Result<void> Session::save_pending() {
  if (!pending_) return {};
  RETURN_IF_ERROR(vault_.save(pending_->credentials));
  held_ = std::move(pending_->credentials);
  const Renewal renewal = std::exchange(pending_, std::nullopt)->renewal;
  // What matters is stored. Without this note the token just used up counts as unanswered, which is the safe side.
  (void)vault_.save(renewal);
  turn_.reset();
  return {};
}

base::Result<Credentials> Session::current() {
  const std::lock_guard lock{mutex_};
  RETURN_IF_ERROR(save_pending());
  if (held_ && is_usable(*held_)) return *held_;
  return renew_locked({});
}

base::Result<Credentials> Session::renewed(const base::Secret& stale) {
  const std::lock_guard lock{mutex_};
  RETURN_IF_ERROR(save_pending());
  return renew_locked(stale);
}

base::Result<bool> Session::adopt_news(const base::Secret& stale) {
  ASSIGN_OR_RETURN(Credentials known, vault_.load());
  if (!is_usable(known) || base::same_secret(known.access_token.reveal(), stale.reveal())) return false;
  held_ = std::move(known);
  return true;
}

base::Result<Credentials> Session::renew_locked(const base::Secret& stale) {
  const auto until = clock_.elapsed() + patience;
  while (true) {
    ASSIGN_OR_RETURN(bool done, adopt_news(stale));
    if (done) return *held_;
    ASSIGN_OR_RETURN(turn_, vault_.take_turn());
    if (turn_) {
      const auto signed_in = [&]() -> base::Result<void> {
        ASSIGN_OR_RETURN(done, adopt_news(stale));  // between our look and our turn
        if (done) return {};
        return sign_in();
      }();
      if (!pending_) turn_.reset();
      if (!signed_in) return std::unexpected(signed_in.error());
      return *held_;
    }
    if (clock_.elapsed() >= until)
      return base::failure(ErrorKind::unreachable,
                           "Another process has been signing in to Salesforce for more than a minute. It is tried "
                           "again by itself.");
    wait_(between_looks);
  }
}

base::Result<void> Session::sign_in() {
  ASSIGN_OR_RETURN(const Credentials known, vault_.load());
  const bool one_use = has_refresh_token(settings_.flow);
  if (one_use && known.refresh_token.empty())
    return base::failure(ErrorKind::unauthorized,
                         "There is no Salesforce refresh token yet. Connect Salesforce with `lockstep connect`.",
                         "invalid_grant");
  const Grant grant = grant_from(known);
  ASSIGN_OR_RETURN(const Renewal before, vault_.renewal());
  const Prints prints = fingerprints_of(grant, before);
  const auto asking = before_asking(before, prints.grant, one_use, clock_.now(), prints.token);
  if (!asking) {
    RETURN_IF_ERROR(vault_.save(given_up(before, prints.grant, asking.error())));
    return std::unexpected(asking.error());
  }
  RETURN_IF_ERROR(vault_.save(*asking));

  auto issued = request_tokens(transport_, settings_, grant, clock_);
  if (!issued) {
    base::Error error = std::move(issued).error();
    switch (error.kind) {
      case ErrorKind::unknown_fate:
        // The call we sign in for has not been made, whatever became of the signing in.
        error.kind = ErrorKind::unreachable;
        break;
      case ErrorKind::unauthorized:
      case ErrorKind::settings:
        RETURN_IF_ERROR(vault_.save(after_refusal(*asking, one_use, error)));
        break;
      default:
        RETURN_IF_ERROR(vault_.save(after_unsent(*asking)));
    }
    return std::unexpected(std::move(error));
  }

  Credentials& fresh = issued->credentials;
  const bool rotated = one_use && !fresh.refresh_token.empty() &&
                       !base::same_secret(fresh.refresh_token.reveal(), grant.value.reveal());
  if (fresh.refresh_token.empty()) fresh.refresh_token = known.refresh_token;
  std::optional<base::Error> wrong;
  if (!may_hold_org(fresh.instance_url, is_loopback(settings_.login_url), settings_.domains)) {
    wrong = {ErrorKind::settings,
             "The login answered with an org at an address that is not Salesforce's, so no token is sent there. Check "
             "LOCKSTEP_SALESFORCE_LOGIN_URL, and LOCKSTEP_SALESFORCE_ALLOWED_DOMAINS if the org has a domain of its "
             "own."};
  } else if (const std::string org = org_of(issued->identity_url);
             !settings_.org_id.empty() && !org.empty() && org != settings_.org_id) {
    wrong = {ErrorKind::settings, "The login answered for org " + org + ", and this integration belongs to org " +
                                      settings_.org_id +
                                      ", so nothing is sent there. Was a sandbox refreshed? Connect the new org as a "
                                      "workspace of its own."};
  }
  if (wrong) {  // A refresh token that came with it is kept all the same: the old one may be dead.
    fresh.access_token = {};
    fresh.instance_url = {};
  }
  identity_url_ = may_hold_org(issued->identity_url, is_loopback(settings_.login_url), settings_.domains)
                      ? issued->identity_url
                      : std::string{};
  Renewal after = after_answer(*asking, one_use, rotated);
  if (wrong) after = given_up(after, fingerprints_of(grant_from(fresh), {}).grant, *wrong);
  pending_ = {std::move(fresh), std::move(after)};
  RETURN_IF_ERROR(save_pending());
  if (wrong) return std::unexpected(*std::move(wrong));
  return {};
}

base::Result<void> Session::check_standing() {
  const std::lock_guard lock{mutex_};
  ASSIGN_OR_RETURN(const Credentials known, vault_.load());
  const bool one_use = has_refresh_token(settings_.flow);
  ASSIGN_OR_RETURN(const Renewal before, vault_.renewal());
  const Prints prints = fingerprints_of(grant_from(known), before);
  const auto asking = before_asking(before, prints.grant, one_use, clock_.now(), prints.token);
  if (!asking) return std::unexpected(asking.error());
  return {};
}

base::Result<void> Session::renew() {
  ASSIGN_OR_RETURN(const Credentials credentials, current());
  if (auto fresh = renewed(credentials.access_token); !fresh) return std::unexpected(std::move(fresh).error());
  return {};
}

base::Result<Answer> Session::send(Transport& transport, Request request, int* exchanges) {
  const std::string path = std::move(request.url);
  ASSIGN_OR_RETURN(Credentials credentials, current());
  request.headers.push_back({"Authorization", {}});
  bool repeated = false;
  int renewals = 0;
  while (true) {
    request.url = credentials.instance_url + path;
    request.headers.back().value = "Bearer " + credentials.access_token.reveal();
    auto answer = transport.send(request);
    base::wipe(request.headers.back().value);
    const bool unsent = !answer && answer.error().kind == ErrorKind::unreachable;
    if (exchanges != nullptr && !unsent) ++*exchanges;
    if (unsent && !repeated) {
      repeated = true;
    } else if (answer && is_expired_session(*answer)) {
      if (renewals++ == most_renewals) return never_content();
      ASSIGN_OR_RETURN(credentials, renewed(credentials.access_token));
    } else {
      if (answer) drop_if_it_repeats(*answer, credentials.access_token);
      return answer;
    }
  }
}

base::Result<Identity> Session::identity() {
  ASSIGN_OR_RETURN(Credentials credentials, current());
  for (const bool last : {false, true}) {
    base::Result<Answer> answer;
    {
      const std::lock_guard lock{mutex_};
      answer = transport_.send(
          {.method = "GET",
           .url = identity_url_.empty() ? credentials.instance_url + "/services/oauth2/userinfo" : identity_url_,
           .headers = {{"Authorization", "Bearer " + credentials.access_token.reveal()}, {"Accept", "application/json"}}});
    }
    if (!answer) return std::unexpected(std::move(answer).error());
    // These two resources have a refusal of their own: 403 "Bad_OAuth_Token".
    const bool stale = answer->status == 401 || (answer->status == 403 && answer->body.contains("OAuth_Token"));
    if (stale && !last) {
      ASSIGN_OR_RETURN(credentials, renewed(credentials.access_token));
      continue;
    }
    drop_if_it_repeats(*answer, credentials.access_token);
    // Salesforce has this resource everywhere, and answers in JSON: somebody else stands there.
    if (answer->status == 404 || answer->header("content-type").contains("html"))
      return base::failure(
          ErrorKind::unreachable,
          "The login took our credentials, and where it says who we are Salesforce did not answer [HTTP " +
              std::to_string(answer->status) +
              "]. Check that the login URL is the org's own, and whether a proxy stands in between.");
    if (answer->status != 200) return std::unexpected(error_from(*answer, {.what = "say who we are"}));
    Identity identity;
    JsonReader reader;
    if (JsonObject object; reader.open_whole(answer->body) && !reader.root().get_object().get(object)) {
      identity.org_id = text_at(object, "organization_id");
      identity.user_id = text_at(object, "user_id");
      identity.username = text_at(object, "username");
      if (identity.username.empty()) identity.username = text_at(object, "preferred_username");
    }
    if (identity.org_id.empty() || identity.user_id.empty())
      return base::failure(ErrorKind::malformed, "Salesforce's answer does not say whose token we hold.");
    return identity;
  }
  std::unreachable();
}

}  // namespace salesforce
