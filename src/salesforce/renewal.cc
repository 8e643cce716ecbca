#include "salesforce/renewal.h"

#include "base/time_text.h"

namespace salesforce {
namespace {

constexpr int most_unanswered = 2;

}  // namespace

base::Result<Renewal> before_asking(const Renewal& known, std::string_view grant, bool one_use, base::Utc now,
                                    std::string_view token) {
  Renewal next = known;
  if (known.grant != grant) {
    next = {.grant = std::string{grant}, .rotation = known.rotation};
    if (!token.empty() && known.token == token) {
      next.asked_at = known.asked_at;
      next.unanswered = known.unanswered;
    }
  }
  next.token = token;
  if (!next.refusal.empty()) return base::failure(base::ErrorKind::unauthorized, next.refusal, next.refusal_code);
  if (one_use && next.rotation != Renewal::Rotation::off && next.unanswered >= most_unanswered)
    return base::failure(base::ErrorKind::unauthorized,
                         "Salesforce was asked for a new token twice, first at " + base::to_iso_seconds(next.asked_at) +
                             ", and no answer was stored, so it is not known which refresh token is the valid one. "
                             "Connect Salesforce again with `lockstep connect`.",
                         "invalid_grant");
  if (next.unanswered++ == 0) next.asked_at = now;
  return next;
}

Renewal given_up(const Renewal& known, std::string_view grant, const base::Error& error) {
  Renewal next = known;
  next.grant = grant;
  next.refusal = error.message;
  next.refusal_code = error.service_code;
  return next;
}

Renewal after_answer(const Renewal& asked, bool one_use, bool rotated) {
  Renewal next = asked;
  next.unanswered = 0;
  if (one_use) next.rotation = rotated ? Renewal::Rotation::on : Renewal::Rotation::off;
  return next;
}

Renewal after_unsent(const Renewal& asked) {
  Renewal next = asked;
  --next.unanswered;
  return next;
}

Renewal after_refusal(const Renewal& asked, bool one_use, base::Error& error) {
  if (one_use && asked.rotation != Renewal::Rotation::off && asked.unanswered > 1)
    error.message += " A renewal was cut off at " + base::to_iso_seconds(asked.asked_at) +
                     ", before its new token was stored, which is what made this one stale.";
  Renewal next = given_up(asked, asked.grant, error);
  next.unanswered = 0;
  return next;
}

}  // namespace salesforce
