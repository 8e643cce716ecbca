#!/usr/bin/env bash
# A person decides conflicts, mends and retries what was parked, and asks what happened to a record.
# Usage: inbox.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
status_of() { local status=0; "$@" > out 2> error || status=$?; echo $status; }
sync() { "$bin/lockstep" sync --json > report 2> error || true; jq -r .status report; }

start_sfsim --seed-rows 50
sign_in
record() { sql "select salesforce_id from contacts where id = $1"; }
org() { api "$data/sobjects/Contact/$(record "$1")" | jq -r ".$2"; }
org_edit() { api -X PATCH -d "$2" "$data/sobjects/Contact/$(record "$1")"; }
cell() { sql "select $2 from contacts where id = $1"; }

"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" mapping set Contact --conflicts manual --field 'phone=Phone;winner=newest_wins' > /dev/null
expect "first sync" "$(sync)" completed
expect "no conflicts yet" "$("$bin/lockstep" conflicts list --json)" "[]"

# Both sides change one field of four contacts; another field of the first goes its way all the same.
for id in 1 2 3 4; do
  sql "update contacts set title = 'Store $id' where id = $id"
  org_edit $id "{\"Title\":\"Org $id\"}"
done
sql "update contacts set email = 'first@example.com' where id = 1"
sleep 1.1
sync > /dev/null
expect "open conflicts" "$("$bin/lockstep" conflicts list --json | jq length)" 4
expect "exit status with conflicts" "$(status_of "$bin/lockstep" sync)" 1
expect "both keep theirs" "$(cell 1 title)|$(org 1 Title)" "Store 1|Org 1"
expect "the rest is in step" "$(org 1 Email)" first@example.com
expect "the row says so" "$(cell 1 salesforce_sync_status)" conflict
first=$("$bin/lockstep" conflicts list --json | jq '.[] | select(.row == "1")')
expect "values" "$(jq -c '[.field, .org, .store, .decision]' <<< "$first")" '["Title","Org 1","Store 1","open"]'
expect "who and when" "$(jq -c '[(.org_changed_by | startswith("005")), (.org_changed_at != null), (.store_changed_at != null), (.run_id != null)]' \
  <<< "$first")" '[true,true,true,true]'
number() { "$bin/lockstep" conflicts list --json | jq ".[] | select(.row == \"$1\") | .id"; }
expect "show" "$("$bin/lockstep" conflicts show "$(number 2)" --json | jq -r .store)" "Store 2"

# One by one, by either side's value and by another.
"$bin/lockstep" conflicts resolve "$(number 1)" --take org > /dev/null
"$bin/lockstep" conflicts resolve "$(number 2)" --take store > /dev/null
"$bin/lockstep" conflicts resolve "$(number 3)" --take "Both 3" > /dev/null
expect "a decision without a choice" "$(status_of "$bin/lockstep" conflicts resolve "$(number 4)")" 2
expect "a conflict that is not there" "$(status_of "$bin/lockstep" conflicts resolve 999 --take org)" 2
sleep 1.1
sync > /dev/null
expect "took the org's" "$(cell 1 title)|$(org 1 Title)" "Org 1|Org 1"
expect "took the store's" "$(cell 2 title)|$(org 2 Title)" "Store 2|Store 2"
expect "took another" "$(cell 3 title)|$(org 3 Title)" "Both 3|Both 3"
expect "statuses" "$(sql 'select group_concat(salesforce_sync_status) from (select * from contacts where id < 5 order by id)')" \
  synced,synced,synced,conflict

# What has changed since it was shown is not overwritten.
four=$(number 4)
sql "update contacts set title = 'Later 4' where id = 4"
expect "a stale decision" "$(status_of "$bin/lockstep" conflicts resolve "$four" --take org)" 1
grep -q 'has changed since' error || fail "the message does not say why"
expect "the later edit" "$(cell 4 title)" "Later 4"
sync > /dev/null
"$bin/lockstep" conflicts resolve --object contact --field title --all --take store --json > out
expect "by rule" "$(jq -c . out)" '{"resolved":1,"errors":[]}'
sleep 1.1
expect "sync once all is decided" "$(sync)" completed
expect "took the later one" "$(cell 4 title)|$(org 4 Title)" "Later 4|Later 4"
expect "who decided" "$("$bin/lockstep" conflicts list --settled --json | jq -r '.[] | select(.row == "2") | .resolution' | cut -d, -f1)" \
  "took the CRM's value"

# Several at once, by their numbers.
for id in 9 10; do
  sql "update contacts set title = 'Store $id' where id = $id"
  org_edit $id "{\"Title\":\"Org $id\"}"
done
sleep 1.1
sync > /dev/null
"$bin/lockstep" conflicts resolve "$(number 9)" "$(number 10)" --take store --json > out
expect "two at once" "$(jq -c . out)" '{"resolved":2,"errors":[]}'
sleep 1.1
expect "sync of both" "$(sync)" completed
expect "took both" "$(org 9 Title)|$(org 10 Title)" "Store 9|Store 10"

# A conflict and what is parked follow a row to its new key.
sql "update contacts set title = 'Store 11' where id = 11"
org_edit 11 '{"Title":"Org 11"}'
sleep 1.1
sync > /dev/null
sql "update contacts set id = 5011 where id = 11"
sync > /dev/null
expect "conflicts of a row that moved" "$("$bin/lockstep" conflicts list --json | jq -c '[.[].row]')" '["5011"]'
"$bin/lockstep" conflicts resolve "$(number 5011)" --take org > /dev/null || fail "a row that moved cannot be decided"
sleep 1.1
expect "sync of the row that moved" "$(sync)" completed
expect "took the org's value" "$(cell 5011 title)|$(cell 5011 salesforce_sync_status)" "Org 11|synced"

# A choice of nothing empties both.
sql "update contacts set title = 'Store 12' where id = 12"
org_edit 12 '{"Title":"Org 12"}'
sleep 1.1
sync > /dev/null
"$bin/lockstep" conflicts resolve "$(number 12)" --take "" --integration default > /dev/null || fail "nothing is no choice"
sleep 1.1
expect "sync of nothing" "$(sync)" completed
expect "took nothing" "[$(cell 12 title)]|$(org 12 Title)" "[]|null"
expect "a workspace that is not there" "$(status_of "$bin/lockstep" conflicts list --integration nobody)" 2

# A deletion against edits is one decision, and says what it does.
"$bin/lockstep" mapping set Contact --field 'phone=Phone;winner=manual' > /dev/null
thirteen=$(record 13); fourteen=$(record 14)
sql "update contacts set title = 'Store 13', phone = '13' where id = 13; delete from contacts where id = 14"
api -X DELETE "$data/sobjects/Contact/$thirteen"
org_edit_14() { api -X PATCH -d '{"Title":"Org 14"}' "$data/sobjects/Contact/$fourteen"; }
org_edit_14
sleep 1.1
sync > /dev/null
expect "against what" "$("$bin/lockstep" conflicts list --json | jq -c '[.[] | [.row, .field, .against]] | sort')" \
  '[["13","Phone","record_deleted"],["13","Title","record_deleted"],["14","Title","row_deleted"]]'
"$bin/lockstep" conflicts list > out
expect "what each choice does" "$(grep -c 'its record was deleted in Salesforce: --take org deletes the row, --take store makes the record again' out)" 2
grep -q 'its row 14 was deleted in the CRM: --take store deletes the record' out || fail "the row's deletion is not shown: $(cat out)"
cell 13 salesforce_sync_error | grep -q 'deleted in Salesforce: .*--take org deletes this row' || fail "the row does not say so"
"$bin/lockstep" conflicts resolve --all --take store --json > out || fail "a deletion is not decided as one: $(cat out)"
expect "one decision for each deletion" "$(jq -c . out)" '{"resolved":3,"errors":[]}'
expect "each keeps who decided" "$("$bin/lockstep" conflicts list --settled --json |
  jq '[.[] | select(.row == "13" and (.resolution | startswith("kept the row, for a new record, by ")))] | length')" 2
sync > /dev/null || true
sleep 1.1
expect "sync after the deletions" "$(sync)" completed
expect "the record made again" "$(org 13 Title)|$(org 13 Phone)|$([ "$(record 13)" != "$thirteen" ] && echo anew)" "Store 13|13|anew"
count() { api -G --data-urlencode "q=SELECT COUNT() FROM Contact WHERE Id = '$1'" "$data/query" | jq .totalSize; }
expect "the deleted row's record" "$(count "$fourteen")" 0
record_15=$(record 15)
sql "update contacts set title = 'Store 15', phone = '15' where id = 15"
api -X DELETE "$data/sobjects/Contact/$record_15"
sleep 1.1
sync > /dev/null
"$bin/lockstep" conflicts resolve "$(number 15 | head -1)" --take org > /dev/null || fail "a deletion is not followed"
sleep 1.1
expect "sync of one choice for a deletion" "$(sync)" completed
expect "the row goes whichever field was named" "$(sql 'select count(*) from contacts where id = 15')" 0

# Another policy decides about a deleted row, too.
for winner in crm_wins salesforce_wins; do
  row=$([ $winner = crm_wins ] && echo 16 || echo 17)
  "$bin/lockstep" mapping set Contact --conflicts manual > /dev/null
  its=$(record $row)
  sql "delete from contacts where id = $row"
  api -X PATCH -d "{\"Title\":\"Org $row\"}" "$data/sobjects/Contact/$its"
  sleep 1.1
  sync > /dev/null
  expect "an edit against a deletion" "$("$bin/lockstep" conflicts list --json | jq -c '[.[].row]')" "[\"$row\"]"
  "$bin/lockstep" mapping set Contact --conflicts $winner > /dev/null
  sync > /dev/null || true
  sleep 1.1
  expect "sync under $winner" "$(sync)" completed
  expect "nothing is open under $winner" "$("$bin/lockstep" conflicts list --json)" "[]"
  expect "record and row under $winner" "$(count "$its") $(sql "select count(*) from contacts where id = $row")" \
    "$([ $winner = crm_wins ] && echo '0 0' || echo '1 1')"
done
"$bin/lockstep" mapping set Contact --conflicts manual --field 'phone=Phone;winner=newest_wins' > /dev/null
sync > /dev/null

# A field of the newest keeps what it overwrote.
sql "update contacts set phone = '+1 555 0001' where id = 5"
sleep 1.1
org_edit 5 '{"Phone":"+1 555 0002"}'
sleep 1.1
sync > /dev/null
expect "the newest" "$(cell 5 phone)|$(org 5 Phone)" "+1 555 0002|+1 555 0002"
expect "its loser" "$("$bin/lockstep" conflicts list --settled --json | jq -r '.[] | select(.row == "5") | .decision + " " + .store')" \
  "org_won +1 555 0001"

# Parked: what was sent, why it was refused, and that it goes on.
sql "update contacts set email = 'not an address' where id = 6; update contacts set title = 'Fine' where id = 7"
expect "a run with a refused record" "$(sync)" partial
expect "the rest goes on" "$(org 7 Title)" Fine
parked=$("$bin/lockstep" parked list --json | jq '.[0]')
expect "parked" "$(jq -c '[.object, .row, .code, .request, .attempts]' <<< "$parked")" \
  '["Contact","6","INVALID_EMAIL_ADDRESS",{"Email":"not an address"},1]'
expect "remedy" "$(jq -r .remedy <<< "$parked")" "Correct the email address."
expect "the row's status" "$(cell 6 salesforce_sync_status)" error
expect "retried at once" "$(sync)" completed
"$bin/lockstep" parked retry --all > /dev/null
expect "retried by command" "$(sync)" partial
expect "attempts" "$("$bin/lockstep" parked list --json | jq '.[0].attempts')" 2
expect "not refused for good" "$("$bin/lockstep" parked list --json | jq '.[0] | .retry_at > .parked_at')" true
sql "update contacts set email = 'right@example.com' where id = 6"
expect "mended" "$(sync)" completed
expect "nothing parked" "$("$bin/lockstep" parked list --json)" "[]"
expect "the mended row" "$(org 6 Email)|$(cell 6 salesforce_sync_status)" "right@example.com|synced"
sql "insert into contacts(first_name) values ('Nameless')"
sync > /dev/null
"$bin/lockstep" parked discard "$("$bin/lockstep" parked list --json | jq '.[0].id')" > /dev/null
expect "sync after giving it up" "$(status_of "$bin/lockstep" sync)" 0
expect "its row says so still" "$(sql "select salesforce_sync_status from contacts where first_name = 'Nameless'")" error

# What happened to the third contact, newest first, under either name.
who=$(record 3)
"$bin/lockstep" history "$who" --json > by_record
"$bin/lockstep" history contacts/3 --json > by_row
cmp by_record by_row || fail "a record and its row have two histories"
expect "history" "$(jq -r '.[].action' by_record | xargs)" "record_updated row_updated conflict row_created"
expect "the push" "$(jq -c '.[0].details.changes' by_record)" \
  '[{"field":"Title","side":"salesforce","before":"Org 3","after":"Both 3","decision":"only_crm_changed"}]'
expect "the decision" "$(jq -c '.[1].details | [.changes[0].before, .changes[0].after, (.by | startswith("took \"Both 3\", by "))]' by_record)" \
  '["Store 3","Both 3",true]'
expect "runs and requests" "$(jq -c '[(.[0].run_id | length > 0), (.[0].request_id | length > 0), .[3].details.first_load]' by_record)" \
  '[true,true,true]'
"$bin/lockstep" history "$who" | grep -q 'Title in Salesforce: "Both 3", before "Org 3" (only crm changed)' || fail "no text for people"
"$bin/lockstep" history contacts/6 | grep -q 'INVALID_EMAIL_ADDRESS' || fail "the history does not tell of the refusal"
expect "of nobody" "$("$bin/lockstep" history companies/99999 --json)" "[]"
sql "update lockstep_history set at = at - 91 * 86400000"
sync > /dev/null
expect "after ninety days" "$("$bin/lockstep" history "$who" --json)" "[]"

# A field that is hidden from the sync user is set aside with a warning in the very run that meets it; the rest goes on.
sync > /dev/null
curl -sf -d '{"field":"Contact.Title","hidden":true}' "$url/__sim/hidden" > /dev/null
sql "update contacts set email = 'eighth@example.com', title = 'Unseen' where id = 8"
sync > /dev/null
expect "the rest of the row" "$(org 8 Email)" eighth@example.com
jq -r '.errors[].message' report | grep -q 'title = Title is set aside' || fail "no warning of the hidden field"
curl -sf -d '{"field":"Contact.Title","hidden":false}' "$url/__sim/hidden" > /dev/null
# What was agreed on is known still, so the edit made meanwhile is the only one.
sync > /dev/null
expect "once it can be seen again" "$(cell 8 title)|$(org 8 Title)|$("$bin/lockstep" conflicts list --json)" "Unseen|Unseen|[]"
echo "decided, mended and told"
