#pragma once

namespace core {

/// The habits that keep records safe, each with a switch so that the seeded runs can show what it is for.
/// The product never turns one off.
struct Safeguards {
  bool merge_base = true;          ///< Off: every difference is copied from the side that is looked at.
  bool position_with_rows = true;  ///< Off: the pull position is stored before the rows it stands for.
  bool acknowledge_done_only = true;   ///< Off: a page's outbox entries go even where its writes failed.
  bool acknowledge_by_seq = true;      ///< Off: an edit made during a push goes with the entry of the older one.
  bool conditional_writes = true;      ///< Off: the org is written without `unless_changed_since`.
  bool wait_out_the_second = true;     ///< Off: a record changed in the very second of its reading is written.
  bool leave_running_second = true;    ///< Off: a poll settles records of the running second and moves past them.
  bool record_loser_first = true;      ///< Off: conflicts are recorded after the org was overwritten.
  bool announce_before_write = true;   ///< Off: values are sent without a note of what was sent.
  bool create_by_kept_key = true;      ///< Off: each attempt to create a record mints a new key.
  bool pass_unreadable = true;         ///< Off: a page that holds only unreadable records stops its object.
  bool push_after_bulk = true;         ///< Off: rows are pushed while an object is being read in bulk.
  bool look_back = true;               ///< Off: a run reads on from the last stamp, without overlap or sweep.
  bool sweep_what_changed = true;  ///< Off: a field that is added to a mapping is not read for the records there are.
  bool resolve_what_was_shown = true;  ///< Off: a person's choice also counts for a row that has changed since.
};

}  // namespace core
