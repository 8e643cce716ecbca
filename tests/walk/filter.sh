#!/usr/bin/env bash
# Records leave the filter of their object and come back: kept, flagged or removed by choice, and never a ghost. Real
# programs. Usage: filter.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 200
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync() { "$bin/lockstep" sync --json "$@"; }
sign_in
edit() { api -X PATCH -d "$2" "$data/sobjects/$1"; }
column() { sql "select coalesce($2, '-') from $1 where id = $3"; }
actions() { "$bin/lockstep" history "$1" --json | jq -r '.[].action' | xargs; }
# Status, calls, and what was done to contacts and accounts.
did='[.status, .api_calls, (.objects[] | select(.object == "Contact" or .object == "Account") | .object,
  (.pulled | .created, .updated, .deleted), (.pushed | .created, .updated, .deleted))]'

"$bin/lockstep" mapping set Contact --filter "Title LIKE 'VIP%'" --on-filter-leave remove > /dev/null
"$bin/lockstep" mapping set Account --filter "Industry != 'Gone'" --on-filter-leave remove > /dev/null
expect "what the mapping says" "$("$bin/lockstep" mapping show Contact --json | jq -r .onFilterLeave)" remove
for id in $(api -G --data-urlencode "q=SELECT Id FROM Contact WHERE AccountId != null ORDER BY Id LIMIT 12" "$data/query" |
    jq -r '.records[].Id'); do
  edit "Contact/$id" '{"Title":"VIP"}'
done
sleep 1.1
sync > /dev/null || fail "the first sync"
expect "rows that match" "$(sql 'select count(*) from contacts')" 12
sync > /dev/null
expect "an idle run after it" "$(sync | jq -c '[.status, .api_calls]')" '["completed",1]'

# It leaves, and its row goes; nothing is deleted in Salesforce. It comes back, and is the same row with all it held.
one=$(column contacts salesforce_id 1)
sql "alter table contacts add column notes text"
sql "update contacts set notes = 'of our own' where id = 1"
sync > /dev/null
edit "Contact/$one" '{"Title":"Nobody"}'
sleep 1.1
expect "a record leaves" "$(sync | jq -c "$did" | jq -c .[9:])" '["Contact",0,1,1,0,0,0]'
expect "its row" "$(sql 'select count(*) from contacts where id = 1')" 0
expect "the record" "$(api "$data/sobjects/Contact/$one" | jq -r .Title)" Nobody
expect "what its history says" "$(actions contacts/1 | cut -d' ' -f1,2)" "row_removed left_filter"
sync > /dev/null
expect "an idle run after it" "$(sync | jq -c '[.status, .api_calls]')" '["completed",1]'
edit "Contact/$one" '{"Title":"VIP again"}'
sleep 1.1
sync > /dev/null || fail "the sync of a record that comes back"
expect "the row that came back" "$(sql "select title || ', ' || notes || ', ' || salesforce_id from contacts where id = 1")" \
  "VIP again, of our own, $one"

# An edit against the leaving goes to Salesforce first. Here it even brings the record back into the filter.
two=$(column contacts salesforce_id 2) three=$(column contacts salesforce_id 3)
for id in "$two" "$three"; do edit "Contact/$id" '{"Title":"Nobody"}'; done
sql "update contacts set phone = '+1 555 0199' where id = 2; update contacts set title = 'VIP by us' where id = 3"
sleep 1.1
sync > /dev/null || fail "the sync of edits against a leaving"
sleep 1.1
sync > /dev/null
expect "the edit that was not lost" "$(api "$data/sobjects/Contact/$two" | jq -r .Phone)" "+1 555 0199"
expect "its row" "$(sql 'select count(*) from contacts where id = 2')" 0
title=$(api "$data/sobjects/Contact/$three" | jq -r .Title)
expect "the row of one title for another" "$(sql 'select count(*) from contacts where id = 3')" \
  "$([[ $title == VIP* ]] && echo 1 || echo 0)"

# A row of our own that does not match is no leaver.
sql "insert into contacts(last_name, title) values ('Quiet', 'Clerk')"
sync > /dev/null
sleep 1.1
sync > /dev/null
expect "a row that never matched" "$(sql "select salesforce_sync_status from contacts where last_name = 'Quiet'")" synced

# A company leaves while its contacts stay: their references are emptied here, and stand in Salesforce.
company=$(sql 'select company_id from contacts where id = 4') four=$(column contacts salesforce_id 4)
account=$(sql "select salesforce_id from companies where id = $company")
edit "Account/$account" '{"Industry":"Gone"}'
sleep 1.1
sync > /dev/null || fail "the sync of a company that leaves"
expect "the company's row" "$(sql "select count(*) from companies where id = $company")" 0
expect "the reference to it" "$(column contacts company_id 4)" -
sql "update contacts set phone = '+1 555 0100' where id = 4"
sync > /dev/null || fail "the sync of a child of a company that left"
expect "what Salesforce has" "$(api "$data/sobjects/Contact/$four" | jq -r '.Phone + " " + .AccountId')" \
  "+1 555 0100 $account"
edit "Account/$account" '{"Industry":"Banking"}'
sleep 1.1
sync > /dev/null || fail "the sync of a company that comes back"
expect "the reference" "$(column contacts company_id 4)" "$company"
expect "what Salesforce has" "$(api "$data/sobjects/Contact/$four" | jq -r .AccountId)" "$account"

# Another filter, by which most leave: the brake asks first.
"$bin/lockstep" integration set maxDeletes=5 > /dev/null
"$bin/lockstep" mapping set Contact --filter "Title = 'VIP again'" > /dev/null
status=0; sync > report || status=$?
expect "exit status of a run that would remove most" $status 1
jq -r '.errors[].message' report | grep -q 'allow-mass-change' || fail "the message does not say how to go on"
expect "rows that the brake kept" "$(sql 'select count(*) from contacts where id in (1, 4, 5, 6, 7, 8)')" 6
sync --allow-mass-change > /dev/null || fail "the sync once it is allowed"
"$bin/lockstep" integration set maxDeletes=1000 maxDeletePercent=0 > /dev/null
expect "rows that are left" "$(sql "select group_concat(title) from contacts where last_name != 'Quiet'")" "VIP again"

# Flagged: it stays, in step, and says so; until it comes back.
"$bin/lockstep" mapping set Contact --on-filter-leave flag > /dev/null
sync > /dev/null
edit "Contact/$one" '{"Title":"Nobody"}'
sleep 1.1
sync > /dev/null || fail "the sync of one that is flagged"
expect "the flagged row" "$(column contacts "title || ', ' || salesforce_sync_status" 1)" "Nobody, synced"
column contacts salesforce_sync_error 1 | grep -q 'no longer matches the filter' || fail "the flag does not show"
sql "update contacts set phone = '+1 555 0111' where id = 1"
sync > /dev/null
expect "what Salesforce has" "$(api "$data/sobjects/Contact/$one" | jq -r .Phone)" "+1 555 0111"
column contacts salesforce_sync_error 1 | grep -q 'no longer matches the filter' || fail "the flag was lost"
edit "Contact/$one" '{"Title":"VIP again"}'
sleep 1.1
sync > /dev/null
expect "the flag of one that came back" "$(column contacts salesforce_sync_error 1)" -
expect "what its history says" "$(actions contacts/1 | cut -d' ' -f1)" back_in_filter

# Kept: its row's edits go their way beside the record's, and neither is lost.
"$bin/lockstep" mapping set Contact --on-filter-leave keep > /dev/null
sync > /dev/null
edit "Contact/$one" '{"Title":"Nobody"}'
sleep 1.1
sync > /dev/null
sql "update contacts set phone = '+1 555 0122' where id = 1"
sync > /dev/null || fail "the sync of an edit of a kept row"
expect "what Salesforce has" "$(api "$data/sobjects/Contact/$one" | jq -r '.Title + " " + .Phone')" "Nobody +1 555 0122"
expect "what the row has" "$(column contacts title 1)" Nobody
"$bin/lockstep" verify > /dev/null || fail "both sides differ"
# A filter that depends on another record, whose change stamps none of these: they are compared once a day.
"$bin/lockstep" mapping set Contact --filter "Account.Industry = 'Banking'" --on-filter-leave remove > /dev/null
sync > report || fail "the sync under a filter of the parent's"
four_is_there() { sql 'select count(*) from contacts where id = 4'; }
expect "one that matches by its company" "$(four_is_there)" 1
edit "Account/$account" '{"Industry":"Energy"}'
sleep 1.1
sync > /dev/null
expect "one of which nothing tells yet" "$(four_is_there)" 1
a_day_later() { sql 'update lockstep_checkpoints set filter_checked_at = 1'; }
a_day_later
sync > /dev/null || fail "the sync of one that left by its company"
expect "one that left by its company" "$(four_is_there)" 0
edit "Account/$account" '{"Industry":"Banking"}'
sleep 1.1
sync > /dev/null
a_day_later
sync > /dev/null || fail "the sync of one that came back by its company"
expect "one that came back by its company" "$(four_is_there)" 1
sync > /dev/null
expect "an idle run after it" "$(sync | jq -c '[.status, .api_calls]')" '["completed",1]'
echo "who leaves a filter is kept, flagged or removed"
