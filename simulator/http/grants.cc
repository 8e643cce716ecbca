#include "simulator/http/grants.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "simulator/http/identity.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

constexpr std::size_t most_grants = 5;  ///< Per user and application.
constexpr std::uint64_t sessions_between_cleanings = 256;
constexpr std::size_t code_length = 54, token_length = 96, refresh_token_length = 88;

}  // namespace

std::string Grants::unguessable(std::size_t length) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
  std::string text;
  while (text.size() < length) text += digits[random_.below(digits.size())];
  return text;
}

std::string Grants::add_code(Code code) {
  const base::Utc edge = code.issued - unconfirmed::authorization_code_life;
  std::erase_if(codes_, [&](const auto& each) { return each.second.issued < edge; });
  std::string text = "aPrx" + unguessable(code_length) + "==";
  codes_[text] = std::move(code);
  return text;
}

std::optional<Code> Grants::take_code(const std::string& code) {
  auto found = codes_.extract(code);
  if (found.empty()) return std::nullopt;
  return std::move(found.mapped());
}

std::string Grants::open_session(Session session) {
  if (++opened_ % sessions_between_cleanings == 0)
    std::erase_if(sessions_, [&](const auto& each) { return each.second.expires < session.issued; });
  std::string token = organization_id().substr(0, 15) + "!AQ" + unguessable(token_length);
  sessions_[token] = std::move(session);
  return token;
}

const Session* Grants::session(std::string_view access_token) const {
  const auto found = sessions_.find(access_token);
  return found == sessions_.end() ? nullptr : &found->second;
}

void Grants::prolong(std::string_view access_token, base::Utc until) {
  if (const auto found = sessions_.find(access_token); found != sessions_.end()) found->second.expires = until;
}

std::uint64_t Grants::add_grant(Grant grant) {
  std::vector<std::uint64_t> same;
  for (const auto& [id, other] : grants_)
    if (other.user == grant.user && other.client_id == grant.client_id) same.push_back(id);
  if (same.size() >= most_grants) revoke_grant(same.front());
  if (grant.refresh_token.empty()) grant.refresh_token = "5Aep861" + unguessable(refresh_token_length);
  refresh_tokens_[grant.refresh_token] = ++last_grant_;
  grants_[last_grant_] = std::move(grant);
  return last_grant_;
}

const Grant* Grants::grant(std::uint64_t id) const {
  const auto found = grants_.find(id);
  return found == grants_.end() ? nullptr : &found->second;
}

bool Grants::has_grant(std::uint64_t whose, std::string_view client_id) const {
  return std::ranges::any_of(grants_, [&](const auto& each) {
    return each.second.user == whose && each.second.client_id == client_id;
  });
}

std::optional<std::uint64_t> Grants::grant_of(const std::string& refresh_token) {
  if (const auto found = refresh_tokens_.find(refresh_token); found != refresh_tokens_.end()) return found->second;
  if (const auto old = replaced_.find(refresh_token);
      old != replaced_.end() && unconfirmed::reuse_of_a_rotated_token_revokes)
    revoke_grant(old->second);
  return std::nullopt;
}

void Grants::use(std::uint64_t id, bool rotate, base::Utc now) {
  Grant& grant = grants_.at(id);
  grant.last_used = now;
  if (!rotate) return;
  refresh_tokens_.erase(grant.refresh_token);
  replaced_[grant.refresh_token] = id;
  grant.refresh_token = "5Aep861" + unguessable(refresh_token_length);
  refresh_tokens_[grant.refresh_token] = id;
}

void Grants::revoke_grant(std::uint64_t id) {
  grants_.erase(id);
  const auto is_its = [&](const auto& each) { return each.second == id; };
  std::erase_if(refresh_tokens_, is_its);
  std::erase_if(replaced_, is_its);
  if (unconfirmed::revoking_a_grant_ends_its_sessions)
    std::erase_if(sessions_, [&](const auto& each) { return each.second.grant == id; });
}

void Grants::revoke_grants() {
  while (!grants_.empty()) revoke_grant(grants_.begin()->first);
}

bool Grants::revoke(const std::string& token) {
  if (sessions_.erase(token) > 0) return true;
  const auto found = refresh_tokens_.find(token);
  if (found == refresh_tokens_.end()) return false;
  revoke_grant(found->second);
  return true;
}

}  // namespace simulator
