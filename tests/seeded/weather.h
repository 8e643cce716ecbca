#pragma once

namespace seeded {

/// What may go wrong, and what people do, at a call that crosses a port.
struct Weather {
  // The network, and our own process.
  double lost_request = 0.05;  ///< Nothing done, `unreachable`.
  double lost_answer = 0.04;   ///< Done, and the caller gets `unknown_fate`.
  double crash = 0.025;
  double busy_row = 0.05;       ///< One write of a call is refused for a lock.
  double delayed = 0;           ///< A create without a key arrives minutes after its caller gave up.
  double stop = 0.01;           ///< The process is asked to end.
  double second_daemon = 0.01;  ///< Another process takes over in the middle.
  double exhausted = 0.01;      ///< The org refuses every call for some minutes: its budget is used up.
  double unreadable = 0.03;     ///< Somebody's edit leaves a record in a form that we cannot read, until the next edit.
  double hidden_field = 0.01;   ///< The org refuses to show a field, for some runs.
  double bulk = 0;              ///< A reading from the beginning is made by a Bulk job; see with_bulk_reads().
  double bulk_lost = 0;         ///< The job is gone before its results are read.
  double reset = 0;             ///< An object is to be read from the beginning again.
  double one_way = 0;           ///< A run only pulls, or only pushes.
  double late_field = 0;        ///< A field is mapped only later: see with_changes(), for stores that keep sweeps.
  double decide = 0;            ///< Of what people do: they look into the inbox, or settle a conflict they saw there.

  // Time.
  double clock_jump = 0.01;   ///< Our clock, up to an hour either way; the org's stays.
  double long_pause = 0.004;  ///< Sixteen days: the recycle bin forgets.

  // People, at every call.
  double act = 0.25;
  double late = 0.15;                 ///< What they do in the org is committed later.
  double create = 0.15, move = 0.12;  ///< Of what they do; the rest edits a plain field.
  double remove = 0;                  ///< See with_deletes() and with_everything().
  double take_back = 0;               ///< They take something back that was deleted.
  double merge = 0;
  double purge = 0;
  double detach = 0.5;  ///< Who deletes a parent row clears the references to it first.

  // The org's own rules, and how it is set up.
  double trigger = 0.3;        ///< A trigger changes what is saved.
  double without_key = 0.25;   ///< There is no field for our key.
  bool swarm = true;           ///< Each history leaves out a random half of all this.
  bool sparse_objects = true;  ///< … and some of the objects.
  bool push_only = false;
  double filter = 0;        ///< An object has a filter, which edits leave and enter; see with_filters().
  double other_filter = 0;  ///< It gets another one before a run; for stores that keep sweeps.
  bool kinds = false;       ///< Objects have fields of every kind.
  double refusals = 0;      ///< A rule of the org refuses some of what is sent.
  double policies = 0;      ///< A field has a winner, a write mode or a direction of its own.
};

/// First loads are read by Bulk jobs, whose pages come in no order and hold what was true some time ago.
inline Weather with_bulk_reads() {
  Weather weather;
  weather.bulk = 0.8;
  weather.bulk_lost = 0.05;
  weather.reset = 0.2;
  weather.one_way = 0.3;
  return weather;
}

/// Mappings grow, and people settle conflicts. Only for stores that keep sweeps and an inbox.
inline Weather with_changes() {
  Weather weather;
  weather.late_field = 0.5;
  weather.decide = 0.15;
  return weather;
}

/// Amounts, days, moments, ticks, choices and codes, which both sides spell differently.
inline Weather with_kinds() {
  Weather weather;
  weather.kinds = true;
  return weather;
}

/// … and every other field has rules of its own.
inline Weather with_policies() {
  Weather weather = with_kinds();
  weather.policies = 0.5;
  return weather;
}

/// The org takes not every value: rows are set aside until somebody writes another.
inline Weather with_refusals() {
  Weather weather;
  weather.refusals = 0.8;
  return weather;
}

/// People delete too.
inline Weather with_deletes() {
  Weather weather;
  weather.remove = 0.1;
  return weather;
}

/// They also take back what was deleted, merge and purge.
inline Weather with_everything() {
  Weather weather = with_deletes();
  weather.take_back = 0.05;
  weather.merge = 0.03;
  weather.purge = 0.02;
  return weather;
}

/// People delete parents, often, and leave the references to them as they are.
inline Weather with_orphans() {
  Weather weather;
  weather.swarm = weather.sparse_objects = false;
  weather.trigger = weather.detach = 0;
  weather.remove = weather.move = 0.3;
  return weather;
}

/// Records leave filters by edits, and come back. Nobody empties a reference, so neither may the sync.
inline Weather with_filters() {
  Weather weather;
  weather.filter = 0.8;
  weather.other_filter = 0.1;
  weather.move = 0;
  return weather;
}

/// They delete and move things too.
inline Weather with_filters_and_deletes() {
  Weather weather = with_deletes();
  weather.filter = 0.8;
  weather.other_filter = 0.1;
  return weather;
}

}  // namespace seeded
