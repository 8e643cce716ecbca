#include "daemon/loopback.h"

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/app.h"
#include "http/server.h"
#include "salesforce/origin.h"

namespace daemon_process {
namespace {

constexpr std::chrono::minutes patience{10};

struct Place {
  std::string address;
  std::uint16_t port = 80;
  std::string path;
};

/// "http://localhost:5000/x" on this machine; nothing for other addresses.
std::optional<Place> place_of(std::string_view uri) {
  constexpr std::string_view scheme = "http://";
  const auto origin = salesforce::origin_of(uri);
  if (!origin || origin->tls || !salesforce::is_loopback(uri)) return std::nullopt;
  Place place{.address = origin->host == "[::1]"       ? "::1"
                         : origin->host == "localhost" ? "127.0.0.1"
                                                       : origin->host,
              .path = "/"};
  std::string_view rest = uri.substr(scheme.size());
  if (const auto slash = rest.find('/'); slash != rest.npos) {
    place.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  const std::string_view port = rest.substr(origin->host.size());
  if (port.starts_with(':')) std::from_chars(port.data() + 1, port.data() + port.size(), place.port);
  return place;
}

}  // namespace

salesforce::CameBack came_back_with(std::string_view query) {
  salesforce::CameBack came;
  for (auto& [name, value] : http::parse_form(query)) {
    if (name == "code") came.code = std::move(value);
    if (name == "state") came.state = std::move(value);
    if (name == "error") came.error = std::move(value);
    if (name == "error_description") came.description = std::move(value);
  }
  return came;
}

std::string simple_page(std::string_view heading, std::string_view sentence) {
  return "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Lockstep</title><h1>" +
         http::escaped_html(heading) + "</h1><p>" + http::escaped_html(sentence) + "</p></html>\n";
}

base::Result<void> wait_for_browser(const std::string& redirect_uri, const std::function<void()>& ready,
                                    const std::function<base::Result<void>(const salesforce::CameBack&)>& finish) {
  const auto place = place_of(redirect_uri);
  if (!place)
    return base::failure(
        base::ErrorKind::settings,
        "Salesforce would send the browser to " + redirect_uri +
            ", which is not on this machine. Open /api/integrations/salesforce/connect of the running "
            "`lockstep serve` in the browser instead; or add http://localhost:5050/callback to the app's "
            "callback URLs and use --redirect-uri http://localhost:5050/callback");
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<salesforce::CameBack> came;
  std::string page;  // What the browser is told, once that is known.
  auto server = http::Server::listen(place->address, place->port, [&](const http::Request& request) -> http::Response {
    const std::vector<std::pair<std::string, std::string>> headers = {{"Content-Type", "text/html; charset=utf-8"},
                                                                      {"Cache-Control", "no-store"},
                                                                      {"Referrer-Policy", "no-referrer"}};
    salesforce::CameBack answer = came_back_with(request.query);
    if (request.method != "GET" || request.path != place->path || (answer.code.empty() && answer.error.empty()))
      return {404, headers, simple_page("Not here", "This address only waits for Salesforce."), {}, false};
    std::unique_lock lock{mutex};
    if (!came) came = std::move(answer);
    finished.wait(lock, [&] { return !page.empty(); });
    return {200, headers, page, {}, false};
  });
  if (!server)
    return base::failure(
        base::ErrorKind::settings,
        server.error().message + (server.error().message.ends_with('.') ? "" : ".") +
            " If that is a running `lockstep serve`, open its /api/integrations/salesforce/connect in the "
            "browser instead.");
  ready();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!stop_requested && std::chrono::steady_clock::now() < until) {
    {
      const std::lock_guard lock{mutex};
      if (came) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  base::Result<void> result =
      base::failure(base::ErrorKind::cancelled, "No browser came back from Salesforce. Start the connection again.");
  std::unique_lock lock{mutex};
  if (came) {
    const salesforce::CameBack answer = *came;
    lock.unlock();
    result = finish(answer);
    lock.lock();
  }
  page = result ? simple_page("Thank you", "You can close this page and go back to the terminal.")
                : simple_page("Not connected", result.error().message + " You can close this page.");
  lock.unlock();
  finished.notify_all();
  (*server)->stop();
  return result;
}

}  // namespace daemon_process
