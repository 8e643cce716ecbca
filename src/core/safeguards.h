#pragma once

namespace core {

/// The habits that keep records safe, each with a switch so that the seeded runs can show what it is for.
/// The product never turns one off.
struct Safeguards {
  bool merge_base = true;             ///< Off: every difference is copied from the side that is looked at.
  bool position_with_rows = true;     ///< Off: the pull position is stored before the rows it stands for.
  bool acknowledge_done_only = true;  ///< Off: a page's outbox entries go even where its writes failed.
  bool acknowledge_by_seq = true;     ///< Off: an edit made during a push goes with the entry of the older one.
  bool conditional_writes = true;     ///< Off: the org is written without `unless_changed_since`.
  bool wait_out_the_second = true;    ///< Off: a record changed in the very second of its reading is written.
  bool leave_running_second = true;   ///< Off: a poll settles records of the running second and moves past them.
  bool record_loser_first = true;     ///< Off: conflicts are recorded after the org was overwritten.
  bool announce_before_write = true;  ///< Off: values are sent without a note of what was sent.
  bool create_by_kept_key = true;     ///< Off: each attempt to create a record mints a new key.
  bool pass_unreadable = true;        ///< Off: a page that holds only unreadable records stops its object.
  bool push_after_bulk = true;        ///< Off: rows are pushed while an object is being read in bulk.
  bool look_back = true;              ///< Off: a run reads on from the last stamp, without overlap or sweep.
  bool sweep_what_changed = true;  ///< Off: a field that is added to a mapping is not read for the records there are.
  bool resolve_what_was_shown = true;  ///< Off: a person's choice also counts for a row that has changed since.
  bool release_children = true;        ///< Off: a record is deleted while its children still refer to it.
  bool look_in_the_bin = true;         ///< Off: a create is repeated although its record was made, and deleted since.
  bool keep_tombstones = true;         ///< Off: a pair that is gone is forgotten, and what comes back is new.
  bool follow_merges = true;           ///< Off: a merged record is one that was deleted.
  bool wait_for_parents = true;        ///< Off: a record whose parent is not there yet is made without it.
  bool note_intents = true;            ///< Off: a create without a key is not looked for before it is repeated.
  bool wait_out_transactions = true;   ///< Off: … and repeated though the first attempt may still be on its way.
  bool check_ids = true;               ///< Off: nobody looks for records that vanished without a trace.
  bool leave_after_push = true;        ///< Off: a row goes with its record's leaving though its edit was not sent.
  bool match_when_all_came = true;     ///< Off: the first of several records that fit a row is taken for it.
  bool normal_forms = true;            ///< Off: values are compared as they are spelt.
  bool field_rules = true;             ///< Off: a field's own winner, direction and write mode do not count.
  bool look_for_twins = true;          ///< Off: a record is created though the org has one that matches the row.
};

}  // namespace core
