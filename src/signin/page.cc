#include "signin/page.h"

namespace signin {
namespace {

constexpr const char* style = R"(:root { color-scheme: light dark; font-family: system-ui, sans-serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
main { width: min(22rem, 90vw); }
h1 { font-size: 1.3rem; }
label { display: block; margin: 1rem 0 .3rem; }
input { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; }
button { margin-top: 1.2rem; padding: .6rem 1.2rem; font: inherit; }
[role=alert] { border-left: .25rem solid #c33; padding-left: .7rem; }
)";

}  // namespace

std::string safe_next(std::string_view path) {
  const bool ours =
      path.starts_with('/') && !path.starts_with("//") && path.find_first_of("\\\r\n") == std::string_view::npos;
  return ours && !path.starts_with("/sign-") ? std::string{path} : "/";
}

http::Response sign_in_page(int status, const std::string& next, bool setting_up, const std::string& message) {
  std::string body =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in to Lockstep</title>"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<link rel=\"stylesheet\" href=\"/sign-in.css\"></head><body><main><h1>Sign in to Lockstep</h1>";
  if (setting_up)
    body +=
        "<p>This is the first sign-in. The terminal that runs <code>lockstep serve</code> shows a one-time password; "
        "choose your own here.</p>";
  if (!message.empty()) body += "<p role=\"alert\">" + http::escaped_html(message) + "</p>";
  body += "<form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"next\" value=\"" +
          http::escaped_html(next) + "\">";
  body += setting_up ? "<label for=\"password\">One-time password</label>"
                     : "<label for=\"password\">Password or access token</label>";
  body +=
      "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required "
      "autofocus>";
  if (setting_up)
    body +=
        "<label for=\"chosen\">New password, 15 characters or more</label><input id=\"chosen\" name=\"chosen\" "
        "type=\"password\" autocomplete=\"new-password\" minlength=\"15\" maxlength=\"256\" required>";
  body += "<button>Sign in</button></form></main></body></html>";
  return {status,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
           {"Cache-Control", "no-store"}},
          std::move(body),
          {},
          false};
}

http::Response style_sheet() {
  return {
      200, {{"Content-Type", "text/css; charset=utf-8"}, {"Cache-Control", "public, max-age=3600"}}, style, {}, false};
}

}  // namespace signin
