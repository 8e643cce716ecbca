#include "simulator/http/authorize_page.h"

#include "http/message.h"

namespace simulator {
namespace {

constexpr std::string_view head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Allow access? | sfsim</title>
<style>body{font:16px/1.5 sans-serif;max-width:26em;margin:4em auto;padding:0 1em}
label{display:block;margin:1em 0}input{display:block;width:100%;font:inherit}
button{font:inherit;padding:.3em 1.2em;margin-right:.5em}.problem{color:#b00020}</style></head><body>
)";

}  // namespace

std::string html_of(const AuthorizePage& page) {
  std::string out{head};
  out += "<h1>Allow access?</h1>\n<p>The application <b>" + http::escaped_html(page.app) + "</b> asks for: <code>" +
         http::escaped_html(page.scope) + "</code>.</p>\n";
  if (!page.problem.empty()) out += "<p class=\"problem\" role=\"alert\">" + http::escaped_html(page.problem) + "</p>\n";
  out += "<form method=\"post\" action=\"/services/oauth2/authorize?" + http::escaped_html(page.query) + "\">\n";
  out += "<label>Username <input name=\"username\" autocomplete=\"username\" value=\"" + http::escaped_html(page.username) +
         "\"></label>\n<label>Password <input name=\"password\" type=\"password\" autocomplete=\"current-password\" value=\"" +
         http::escaped_html(page.password) + "\"></label>\n";
  out += "<button name=\"decision\" value=\"allow\">Allow</button>\n<button name=\"decision\" value=\"deny\">Deny</button>\n";
  return out + "</form></body></html>\n";
}

std::string html_of_error(std::string_view code, std::string_view text) {
  return std::string{head} + "<h1>We can't authorize you</h1>\n<p>error=" + http::escaped_html(code) +
         "&amp;error_description=" + http::escaped_html(text) + "</p></body></html>\n";
}

}  // namespace simulator
