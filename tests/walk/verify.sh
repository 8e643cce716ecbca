#!/usr/bin/env bash
# Breaks the agreement behind the daemon's back in every way there is, and sees `lockstep verify` name each break,
# field by field, and `--repair` mend it. Usage: verify.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 5000
sign_in
# What the triggers do not see: an edit that change capture has lost.
unseen() { sql "update lockstep_guard set ours = 1; $1; update lockstep_guard set ours = 0"; }
contacts=$url/services/data/v62.0/sobjects/Contact
record() { sql "select salesforce_id from contacts where id = $1"; }
counts() { jq -c '.objects[] | select(.object == "Contact") | [.equal, .values, .only_in_salesforce, .only_in_crm, .row_vanished,
  .unsent, .waiting, .one_way, .left_apart]' report; }
verify() { status=0; "$bin/lockstep" verify --json "$@" > report 2> said || status=$?; }

"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null
verify
expect "exit status of equal sides" $status 0
expect "equal sides" "$(counts)" "[5000,0,0,0,0,0,0,0,0]"
expect "checksums" "$(jq '[.objects[] | .salesforce_checksum == .crm_checksum] | all' report)" true
calls=$(grep -o 'about [0-9]* API' said | tr -dc 0-9)
# The forecast leaves out the three calls that it took to make it.
expect "API calls, beside the three of the forecast" "$(jq .api_calls report)" $((calls + 3))

sql "update contacts set phone = '1' where id = 1"
api -X PATCH -d '{"Phone":"2"}' "$contacts/$(record 2)"
verify
expect "exit status while edits are on their way" $status 1
expect "edits on their way" "$(counts)" "[4998,0,0,0,0,0,2,0,0]"
sleep 1.1
"$bin/lockstep" sync > /dev/null
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "after the sync" "$status $(counts)" "0 [5000,0,0,0,0,0,0,0,0]"

unseen "update contacts set title = 'Unseen', phone = null where id = 3"
unseen "insert into contacts(last_name, salesforce_sync_status) values ('Stray', 'synced')"
unseen "delete from lockstep_links where row_key = '4' and mapping_id = (select id from lockstep_field_mappings
  where object_type = 'Contact' or object_type = 'contact'); delete from contacts where id = 4"
lost=$(record 6); purged=$(record 7)
unseen "delete from contacts where id = 6"
api -X DELETE "$contacts/$purged"
api -X POST -d "{\"ids\":[\"$purged\"]}" "$url/__sim/hard-delete" > /dev/null
verify
expect "exit status of broken sides" $status 1
expect "what is broken" "$(counts)" "[4996,1,1,1,1,1,0,0,0]"
expect "field by field" "$(jq -c '.objects[] | select(.object == "Contact") | .fields' report)" '{"Phone":1,"Title":1}'
expect "the values" "$(jq -r '.objects[].differences[] | select(.kind == "values") | .fields[] |
  select(.field == "Title").crm' report)" Unseen
"$bin/lockstep" verify > text && fail "verify says nothing of the difference"
grep -q 'Title is ".*" in Salesforce and "Unseen" in contacts.title' text || fail "the text does not show the values"
grep -q "$lost, row 6: the row is gone from contacts" text || fail "the text does not name the vanished row"
grep -q 'verify --repair' text || fail "the text does not say what to do"

verify --repair
expect "the repair" "$status $(counts)" "0 [4999,0,0,0,0,0,0,0,0]"
grep -q 'repairing 5 differences in about [0-9]* API calls' said || fail "the repair does not say its cost"
expect "repaired" "$(jq .repaired report)" 5
expect "the record whose row had vanished" "$(api -G --data-urlencode "q=SELECT COUNT() FROM Contact WHERE Id = '$lost'" \
  "$data/query" | jq .totalSize)" 0
expect "the row whose record was purged" "$(sql 'select count(*) from contacts where id = 7')" 0
expect "the unseen edit in the org" "$(api "$contacts/$(record 3)" | jq -r .Title)" Unseen
expect "the stray row in the org" "$(api "$contacts/$(sql "select salesforce_id from contacts where last_name = 'Stray'")" |
  jq -r .LastName)" Stray
expect "runs in the log" "$("$bin/lockstep" runs list --json | jq '[.[] | select(.errors | length > 0)] | length')" 2

# What a field's direction leaves alone differs by choice.
"$bin/lockstep" mapping set Contact --field 'title=Title;direction=salesforce_to_crm' > /dev/null
sql "update contacts set title = 'Only here' where id = 5"
"$bin/lockstep" sync > /dev/null
verify
expect "a one-way field" "$status $(counts)" "0 [4998,0,0,0,0,0,0,1,0]"

# What a sync calls equal is equal: a spelling of its own, and what if_empty leaves alone.
"$bin/lockstep" mapping set Contact --field 'title=Title;writeMode=if_empty' > /dev/null
"$bin/lockstep" sync > /dev/null
for row in 5 8 9; do
  api -X PATCH -d '{"Email":"ann.lee@example.com","Phone":"(415) 555-0100"}' "$contacts/$(record $row)"
done
sleep 1.1
"$bin/lockstep" sync > /dev/null
sql "update contacts set email = 'Ann.Lee@Example.COM', phone = '415.555.0100' where id in (5, 8)"
"$bin/lockstep" sync > /dev/null
expect "the spelling in the org" "$(api "$contacts/$(record 8)" | jq -r .Phone)" "(415) 555-0100"
verify
expect "other spellings, and a value that if_empty leaves" "$status $(counts)" "0 [4998,0,0,0,0,0,0,1,0]"
sums() { jq -r '.objects[] | select(.object == "Contact") | .salesforce_checksum == .crm_checksum' report; }
expect "checksums where a value is left alone" "$(sums)" false
api -X PATCH -d '{"Title":"Only here"}' "$contacts/$(record 5)"
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "checksums of other spellings" "$status $(counts) $(sums)" "0 [4999,0,0,0,0,0,0,0,0] true"

# An org that lost most of its records: memory and ranges are those of pages.
unseen "delete from contacts where id > 4000"
for id in $(sql "select record_id from lockstep_links where mapping_id = (select id from lockstep_field_mappings
    where object_type in ('Contact', 'contact')) and cast(row_key as integer) between 100 and 3900" |
  xargs -n 200 | tr ' ' ,); do
  curl -sf -X DELETE -H "Authorization: Bearer $token" "$data/composite/sobjects?ids=$id" | jq -e 'all(.success)' > /dev/null
done
verify
expect "an org that lost most records" "$(jq -c '.objects[] | select(.object == "Contact") | [.records, .only_in_crm,
  .row_vanished, .equal]' report)" "[1198,3801,1002,196]"

# Where nothing is pulled, the org's own records have no row, and no repair makes them one.
kill "$simulator"; wait "$simulator" || true
rm -f lockstep.db*
start_sfsim --seed-rows 3000
sign_in
contacts=$url/services/data/v62.0/sobjects/Contact
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" integration set syncDirection=crm_to_salesforce > /dev/null
sql "insert into contacts(last_name, title) values ('One', 'a'), ('Two', 'b'), ('Three', 'c')"
"$bin/lockstep" sync > /dev/null
verify
expect "only sent" "$status $(counts) $(jq '.objects[] | select(.object == "Contact").not_pulled' report) $(sums)" \
  "0 [3,0,0,0,0,0,0,0,0] 3000 true"
unseen "insert into contacts(last_name, salesforce_sync_status) values ('Stray', 'synced');
  update contacts set title = 'Unseen' where id = 1"
lost=$(record 2)
unseen "delete from contacts where id = 2"
api -X PATCH -d '{"Title":"Theirs"}' "$contacts/$(record 3)"
verify
expect "what is broken where nothing is pulled" "$status $(counts)" "1 [0,1,0,0,1,1,0,1,0]"
sleep 1.1
verify --repair
expect "its repair" "$status $(counts)" "0 [2,0,0,0,0,0,0,1,0]"
expect "rows" "$(sql 'select count(*) from contacts')" 3
expect "the unseen edit" "$(api "$contacts/$(record 1)" | jq -r .Title)" Unseen
expect "what the org changed" "$(api "$contacts/$(record 3)" | jq -r .Title)|$(sql 'select title from contacts where id = 3')" \
  "Theirs|c"
expect "the record whose row had vanished" "$(api -G --data-urlencode "q=SELECT COUNT() FROM Contact WHERE Id = '$lost'" \
  "$data/query" | jq .totalSize)" 0

# The mirror: what the rows hold beside is nobody's to send.
kill "$simulator"; wait "$simulator" || true
rm -f lockstep.db*
start_sfsim --seed-rows 50
sign_in
contacts=$url/services/data/v62.0/sobjects/Contact
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" integration set syncDirection=salesforce_to_crm > /dev/null
"$bin/lockstep" sync > /dev/null
sql "update contacts set title = 'Only here' where id = 1; insert into contacts(last_name) values ('Own');
  delete from contacts where id = 4"
verify
expect "a deletion that nobody sends" "$status $(counts)" "0 [48,0,0,0,0,0,0,1,1]"
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "only taken" "$status $(counts)" "0 [48,0,0,0,0,0,0,1,1]"
unseen "update contacts set phone = 'Unseen' where id = 2"
sleep 1.1
api -X PATCH -d '{"Phone":"Theirs"}' "$contacts/$(record 3)"
unseen "update contacts set title = 'Unseen' where id = 3"
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "edits of rows that nobody sends" "$status $(counts)" "0 [46,0,0,0,0,0,0,3,1]"
expect "the row that took an edit" "$(sql 'select phone || title from contacts where id = 3')" TheirsUnseen

# A row that is kept though its record left the filter, and one that Salesforce refuses.
mkdir kept && cd kept
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" integration set "contactFilter=Department != 'Hidden'" > /dev/null
"$bin/lockstep" sync > /dev/null
row=$(sql 'select min(id) from contacts')
api -X PATCH -d '{"Department":"Hidden"}' "$contacts/$(record "$row")"
sleep 1.1
"$bin/lockstep" sync > /dev/null
api -X PATCH -d '{"Title":"After it left"}' "$contacts/$(record "$row")"
sleep 1.1
"$bin/lockstep" sync > /dev/null
apart() { jq -c '.objects[] | select(.object == "Contact") | [.outside_filter, .waiting, .parked]' report; }
verify
expect "a row that is kept" "$status $(apart)" "0 [1,0,0]"
sql "insert into contacts(first_name) values ('Nameless')"
verify
expect "a row that waits to be sent" "$status $(apart)" "1 [1,1,0]"
"$bin/lockstep" sync > /dev/null || true
verify
expect "a row that was refused" "$status $(apart)" "1 [1,0,1]"

# What was not compared, and what stands open, is not equal.
kill "$simulator"; wait "$simulator" || true
mkdir ../open && cd ../open
start_sfsim --seed-rows 20
sign_in
contacts=$url/services/data/v62.0/sobjects/Contact
hide() { curl -sf -d "{\"field\":\"Contact.Title\",\"hidden\":$1}" "$url/__sim/hidden" > /dev/null; }
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" integration set conflictResolution=manual > /dev/null
"$bin/lockstep" sync > /dev/null
sql "alter table contacts rename to persons"
verify
expect "a table that is gone" "$status $(jq -c '[.equal, [.not_compared[] | [.object, .field]]]' report)" '1 [false,[["Contact",null]]]'
"$bin/lockstep" verify > text && fail "verify says nothing of a table that is gone"
grep -q 'not compared: .*contacts' text && grep -q 'not all was compared' text || fail "the text does not name the table: $(cat text)"
sql "alter table persons rename to contacts"

hide true
sql "update contacts set title = 'Unsent' where id = 1"
"$bin/lockstep" sync > /dev/null || true
verify
expect "a field that is set aside" "$status $(jq -c '[.equal, [.not_compared[] | [.object, .field]]]' report)" \
  '1 [false,[["Contact","Title"]]]'
hide false
"$bin/lockstep" sync > /dev/null
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "once it can be seen" "$status $(jq -c '[.equal, .not_compared, .open]' report)" '0 [true,[],[]]'

seven=$(record 7); eight=$(record 8)
sql "update contacts set title = 'Edited', phone = '8' where id = 8; delete from contacts where id = 7"
api -X DELETE "$contacts/$eight"
api -X PATCH -d '{"Title":"Edited"}' "$contacts/$seven"
sleep 1.1
"$bin/lockstep" sync > /dev/null || true
verify
open() { jq -c '.objects[] | select(.object == "Contact") | [.rows, .conflicts, .parked, .left_apart]' report; }
expect "deletions against edits" "$status $(open) $(jq -c .open report)" \
  '1 [19,2,0,0] [{"object":"Contact","conflicts":3,"parked":0}]'
"$bin/lockstep" verify > text && fail "verify says nothing of open conflicts"
grep -q 'Contact: 3 conflicts are open: decide them' text || fail "the text does not say what to do: $(cat text)"
"$bin/lockstep" conflicts resolve --all --take store > /dev/null
"$bin/lockstep" sync > /dev/null || true
sleep 1.1
"$bin/lockstep" sync > /dev/null
verify
expect "once they are decided" "$status $(open)" '0 [19,0,0,0]'

twelve=$(record 12)
sql "update contacts set title = 'Edited' where id = 12"
api -X DELETE "$contacts/$twelve"
api -X POST -d "{\"ids\":[\"$twelve\"]}" "$url/__sim/hard-delete" > /dev/null
"$bin/lockstep" sync > /dev/null || true
"$bin/lockstep" sync > /dev/null || true
verify
expect "a record that vanished" "$status $(jq -c '[.equal, .open]' report)" '1 [false,[{"object":"Contact","conflicts":1,"parked":1}]]'
"$bin/lockstep" parked list | grep -q 'not by itself, at once when either side changes' || fail "when is it tried again?"
expect "when it is tried again" "$("$bin/lockstep" parked list --json | jq '.[0].retry_at')" null
echo "verify finds and mends what was broken"
