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
echo "verify finds and mends what was broken"
