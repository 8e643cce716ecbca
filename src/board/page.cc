#include "board/page.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace board {
namespace {

// What the front end works under, as tried in a browser. Source: @bull-board/ui 9.10.1, index.ejs.
constexpr const char* policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

constexpr std::array<std::pair<std::string_view, const char*>, 6> content_types = {{
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
}};

const File* find(std::string_view path) {
  const auto all = files();
  const auto found = std::ranges::lower_bound(all, path, {}, &File::path);
  return found != all.end() && found->path == path ? &*found : nullptr;
}

void replace(std::string& text, std::string_view what, std::string_view with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

std::string config(const PageOptions& options) {
  const std::string plain = boost::json::serialize(boost::json::object{
      {"boardTitle", options.title},
      {"favIcon", {{"default", "static/images/logo.svg"}, {"alternative", "static/favicon-32x32.png"}}},
      {"hideRedisDetails", options.hide_server},
      {"hideDocsLink", true},
      {"showMetrics", true},
      {"hasHistoryProvider", false},
      {"hasHistoryUsage", false},
      {"canPurgeHistory", false},
      {"hasLatencyHistory", false}});
  std::string safe;
  for (const char c : plain) {
    if (c == '<' || c == '>') {
      safe += c == '<' ? "\\u003c" : "\\u003e";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

http::Response page(const PageOptions& options) {
  const File* document = find("index.ejs");
  std::string text{document ? document->bytes : std::string_view{}};
  replace(text, "<%= basePath %>", http::escaped_html(options.base_path));
  replace(text, "<%= title %>", http::escaped_html(options.title));
  replace(text, "<%= favIconAlternative %>", "static/favicon-32x32.png");
  replace(text, "<%= favIconDefault %>", "static/images/logo.svg");
  replace(text, "<%- uiConfig %>", config(options));
  if (const auto font = text.find("<link href=\"https://fonts.googleapis.com"); font != std::string::npos)
    text.erase(font, text.find('>', font) + 1 - font);
  return {200,
          {{"Content-Type", "text/html; charset=utf-8"},
           {"Content-Security-Policy", policy},
           {"Cache-Control", "no-store"}},
          std::move(text),
          {},
          false};
}

http::Response static_file(std::string_view path) {
  const File* file = path.starts_with("static/") ? find(path) : nullptr;
  if (!file) return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "there is no such file\n", {}, false};
  const auto type = std::ranges::find_if(content_types, [&](const auto& t) { return path.ends_with(t.first); });
  // Names of scripts and styles carry a hash of what they hold.
  const bool hashed = path.starts_with("static/js/") || path.starts_with("static/css/");
  return {200,
          {{"Content-Type", type == content_types.end() ? "application/octet-stream" : type->second},
           {"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "public, max-age=3600"}},
          std::string{file->bytes},
          {},
          false};
}

}  // namespace board
