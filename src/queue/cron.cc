#include "queue/cron.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <vector>

namespace queue {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Reading a pattern.

namespace {

struct FieldRule {
  std::string_view name;
  int least, most;
};
constexpr std::array<FieldRule, 6> field_rules = {{{"second", 0, 59},
                                                   {"minute", 0, 59},
                                                   {"hour", 0, 23},
                                                   {"day of the month", 1, 31},
                                                   {"month", 1, 12},
                                                   {"day of the week", 0, 7}}};
enum FieldAt { at_second, at_minute, at_hour, at_day, at_month, at_weekday };

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<int, 12> longest_month = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> named_patterns = {{{"@yearly", "0 0 1 1 *"},
                                                                                          {"@monthly", "0 0 1 * *"},
                                                                                          {"@weekly", "0 0 * * 0"},
                                                                                          {"@daily", "0 0 * * *"},
                                                                                          {"@hourly", "0 * * * *"}}};

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find_first_of(separators);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> to_number(std::string_view digits) {
  int number = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || digits.size() > 4 || failed != std::errc{} || end != digits.data() + digits.size() || number < 0)
    return std::nullopt;
  return number;
}

/// "MON-Fri" to "1-5". Three letters in a row that are no name stay, and are refused later.
template <std::size_t size>
std::string names_to_numbers(std::string_view text, const std::array<std::string_view, size>& names, int first) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::string word{text.substr(at, 3)};
    for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto name = std::ranges::find(names, word);
    if (name == names.end()) {
      out += text[at++];
      continue;
    }
    out += std::to_string(first + static_cast<int>(name - names.begin()));
    at += 3;
  }
  return out;
}

}  // namespace

/// Reads one pattern into a Cron, or remembers the first thing wrong.
class CronReader {
 public:
  explicit CronReader(std::string_view pattern) : pattern_(pattern) {}

  base::Result<Cron> read() {
    std::string_view text = pattern_;
    for (const auto& [name, meaning] : named_patterns)
      if (text == name) text = meaning;
    std::vector<std::string> fields = split(text, " \t");
    std::erase(fields, "");
    if (fields.size() == 5) fields.insert(fields.begin(), "0");
    if (fields.size() != 6) return refuse("five or six fields are needed: minute hour day month weekday");
    fields[at_month] = names_to_numbers(fields[at_month], month_names, 1);
    fields[at_weekday] = names_to_numbers(fields[at_weekday], weekday_names, 0);
    take_nth(fields[at_weekday]);
    const std::array<Cron::Field*, 6> to = {&cron_.second_, &cron_.minute_, &cron_.hour_,
                                            &cron_.day_,    &cron_.month_,  &cron_.weekday_};
    for (std::size_t at = 0; at < 6 && wrong_.empty(); ++at)
      for (const std::string& part : split(fields[at], ",")) read_part(static_cast<FieldAt>(at), part, *to[at]);
    if (wrong_.empty()) fit_days_to_month();
    if (!wrong_.empty()) return refuse(wrong_);
    return cron_;
  }

 private:
  base::Result<Cron> refuse(const std::string& why) const {
    return base::failure(base::ErrorKind::settings, "cron pattern \"" + std::string{pattern_} + "\": " + why);
  }
  void complain(const FieldRule& rule, const std::string& part) {
    if (!wrong_.empty()) return;
    wrong_ = "\"" + part + "\" is no " + std::string{rule.name} + ": numbers from " + std::to_string(rule.least) +
             " to " + std::to_string(rule.most) + ", *, a-b and /step are allowed, and lists of them";
  }

  void take_nth(std::string& weekday) {
    const auto hash = weekday.find('#');
    if (hash == weekday.npos) return;
    const auto nth = to_number(std::string_view{weekday}.substr(hash + 1));
    if (!nth || *nth < 1 || *nth > 5 || weekday.find_first_of(",/-") != weekday.npos)
      return complain(field_rules[at_weekday], weekday);
    cron_.nth_weekday_ = *nth;
    weekday.resize(hash);
  }

  void read_part(FieldAt at, const std::string& part, Cron::Field& field) {
    const FieldRule& rule = field_rules[at];
    if (at == at_day && part == "L") {
      cron_.last_day_ = true;
      ++field.written;
      return;
    }
    if (at == at_weekday && part.size() == 2 && part[1] == 'L' && part[0] >= '0' && part[0] <= '7') {
      cron_.last_weekdays_.set(static_cast<std::size_t>(part[0] - '0') % 7);
      ++field.written;
      return;
    }
    const auto slash = part.find('/');
    const auto step = slash == part.npos ? 1 : to_number(std::string_view{part}.substr(slash + 1));
    const std::string range = part.substr(0, slash);
    if (!step || *step < 1) return complain(rule, part);
    if (range == "*" || (range == "?" && (at == at_day || at == at_weekday)))
      return add_range(at, rule.least, rule.most, *step, field);
    const auto dash = range.find('-');
    const auto first = to_number(std::string_view{range}.substr(0, dash));
    if (!first || *first < rule.least || *first > rule.most) return complain(rule, part);
    if (dash == range.npos && slash == part.npos) return field.add(at == at_weekday ? *first % 7 : *first);
    const auto last = dash == range.npos ? rule.most : to_number(std::string_view{range}.substr(dash + 1));
    if (!last || *last < *first || *last > rule.most) return complain(rule, part);
    add_range(at, *first, *last, *step, field);
  }

  /// A range of weekdays that ends in Sunday always holds it, whatever the step.
  static void add_range(FieldAt at, int first, int last, int step, Cron::Field& field) {
    const bool with_sunday = at == at_weekday && last % 7 == 0;
    if (with_sunday) field.add(0);
    for (int value = first; value <= last; value += step)
      if (value != 0 || !with_sunday) field.add(value);
  }

  /// Where there is one month only, days it never has do not count; with none left the pattern never comes.
  void fit_days_to_month() {
    if (cron_.month_.written != 1) return;
    Cron::Field& days = cron_.day_;
    int month = 1;
    while (!cron_.month_.has(month)) ++month;
    const int most = longest_month[static_cast<std::size_t>(month) - 1];
    const bool had_days = days.values.any();
    for (int day = most + 1; day <= 31; ++day)
      if (days.has(day)) {
        days.values.reset(static_cast<std::size_t>(day));
        --days.written;
      }
    if (had_days && days.values.none()) wrong_ = "month " + std::to_string(month) + " never has such a day";
  }

  const std::string_view pattern_;
  std::string wrong_;
  Cron cron_;
};

base::Result<Cron> Cron::parse(std::string_view pattern) {
  return CronReader{pattern}.read();
}

// Finding the next time.

/// A moment with its local calendar, moved on by whole units to their beginning. Where the local time asked for does
/// not exist, the moment that many seconds after the gap's beginning stands for it; where it comes twice, the offset
/// in force decides. That is how luxon, below cron-parser, resolves them.
struct Cron::Walk {
  const Zone& zone;
  base::Utc at;
  milliseconds offset{};  // What follows is made from these two.
  std::chrono::year_month_day date{};
  int hour = 0, minute = 0, second = 0;
  unsigned weekday = 0;

  Walk(const Zone& z, base::Utc start) : zone(z), at(start) { look(); }

  void look() {
    offset = zone.offset(at);
    const auto local = std::chrono::local_time<milliseconds>{at.time_since_epoch() + offset};
    const auto day = std::chrono::floor<std::chrono::days>(local);
    date = std::chrono::year_month_day{day};
    weekday = std::chrono::weekday{day}.c_encoding();
    const auto since = std::chrono::floor<seconds>(local - day);
    hour = static_cast<int>(since / 1h);
    minute = static_cast<int>(since / 1min) % 60;
    second = static_cast<int>(since / 1s) % 60;
  }
  unsigned day() const { return static_cast<unsigned>(date.day()); }
  int month() const { return static_cast<int>(static_cast<unsigned>(date.month())); }

  void go_to_local(std::chrono::local_time<milliseconds> local) {
    const auto moment = [&](milliseconds by) { return base::Utc{local.time_since_epoch() - by}; };
    const milliseconds first = zone.offset(moment(offset));
    if (first == offset) {
      at = moment(offset);
    } else {
      const milliseconds second_guess = zone.offset(moment(first));
      at = moment(std::min(first, second_guess));
    }
    look();
  }
  template <class Unit>
  void floor_to() {
    go_to_local(std::chrono::floor<Unit>(std::chrono::local_time<milliseconds>{at.time_since_epoch() + offset}));
  }

  // In two steps, as luxon does: the offset found at the same time of that day decides what its beginning is.
  void next_day() {
    go_to_local(std::chrono::local_time<milliseconds>{at.time_since_epoch() + offset} + std::chrono::days{1});
    floor_to<std::chrono::days>();
  }
  void next_month() {
    const auto local = std::chrono::local_time<milliseconds>{at.time_since_epoch() + offset};
    const auto first = date.year() / date.month() / 1 + std::chrono::months{1};
    const auto same_day = std::min(date.day(), (first.year() / first.month() / std::chrono::last).day());
    go_to_local(local - std::chrono::local_days{date} + std::chrono::local_days{first.year() / first.month() / same_day});
    go_to_local(std::chrono::local_days{date.year() / date.month() / 1});
  }
  void next_hour() {
    const base::Utc before = at;
    at += 1h;
    look();
    floor_to<std::chrono::hours>();
    if (at <= before) {  // A shift of less than an hour.
      at += 1h;
      look();
    }
  }
  template <class Unit>
  void next_unit() {
    const base::Utc before = at;
    at += Unit{1};
    look();
    floor_to<Unit>();
    if (at < before) {
      at += 1h;
      look();
    }
  }

  bool is_last_day_of_month() const {
    return day() == static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
  }
  bool is_last_weekday_of_month() const {
    return day() + 7 > static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
  }
};

bool Cron::day_matches(const Walk& walk) const {
  const bool day = day_.has(static_cast<int>(walk.day())) || (last_day_ && walk.is_last_day_of_month());
  const bool weekday = weekday_.has(static_cast<int>(walk.weekday)) ||
                       (last_weekdays_.test(walk.weekday) && walk.is_last_weekday_of_month());
  const bool any_day = day_.written >= static_cast<std::size_t>(longest_month[static_cast<std::size_t>(walk.month()) - 1]);
  const bool any_weekday = weekday_.written == 8;
  if (!day && (!weekday || any_weekday)) return false;
  if (any_day && !any_weekday && !weekday) return false;
  return nth_weekday_ == 0 || (walk.day() + 6) / 7 == static_cast<unsigned>(nth_weekday_);
}

std::optional<base::Utc> Cron::next(base::Utc after, const Zone& zone) const {
  constexpr int most_steps = 10'000;
  Walk walk{zone, after};
  const bool hours_given = hour_.written != 24;
  std::optional<int> left_out_before;  // The hour that follows a gap.
  std::optional<int> coming_again;     // The hour that clocks went back to.
  // Notes what the clock did on a step of an hour or less.
  const auto step = [&](auto move) {
    const int before = walk.hour;
    move();
    if (!hours_given) return;
    if (walk.hour - before == 2) left_out_before = walk.hour;
    if (walk.hour == before && walk.minute == 0 && walk.second == 0) coming_again = walk.hour;
  };
  for (int steps = 1; steps < most_steps; ++steps) {
    if (!day_matches(walk)) {
      walk.next_day();
    } else if (!month_.has(walk.month())) {
      walk.next_month();
    } else if (!hour_.has(walk.hour) && left_out_before != walk.hour) {
      left_out_before.reset();
      step([&] { walk.next_hour(); });
    } else if (!hour_.has(walk.hour) && !hour_.has(walk.hour - 1)) {
      walk.next_hour();
    } else if (hour_.has(walk.hour) && coming_again == walk.hour) {
      coming_again.reset();
      step([&] { walk.next_hour(); });
    } else if (!minute_.has(walk.minute)) {
      step([&] { walk.next_unit<std::chrono::minutes>(); });
    } else if (!second_.has(walk.second) || walk.at == after) {
      step([&] { walk.next_unit<seconds>(); });
    } else {
      return walk.at;
    }
  }
  return std::nullopt;
}

}  // namespace queue
