#!/usr/bin/env bash
# A table that another program synced before: its salesforce_id says which record each row is, whatever else it holds.
# Usage: claims.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 20
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" mapping set Contact --conflicts crm_wins > /dev/null
query() { api -G --data-urlencode "q=$1" "$data/query"; }
count() { query "SELECT COUNT() FROM Contact" | jq -r .totalSize; }
query "SELECT Id, LastName, Email FROM Contact WHERE Email != null ORDER BY Id LIMIT 12" > there
id() { jq -r ".records[$1].Id" there; }
email() { jq -r ".records[$1].Email" there; }
org() { api "$data/sobjects/Contact/$1" | jq -r ".$2"; }
remove() { api -X DELETE "$data/sobjects/Contact/$1"; }
remove "$(id 8)"
curl -sf -X POST "$url/__sim/merge" -d "{\"object\":\"Contact\",\"master\":\"$(id 9)\",\"losers\":[\"$(id 10)\"]}" > /dev/null
account=$(query "SELECT Id FROM Account LIMIT 1" | jq -r '.records[0].Id')
sql "insert into contacts(id, last_name, email, salesforce_id, salesforce_sync_status) values
  (1, 'No address', null, '$(id 0)', 'synced'),
  (2, 'Fifteen', null, '$(id 1 | cut -c1-15)', 'synced'),
  (3, 'The address of another', '$(email 5)', '$(id 3)', 'pending'),
  (4, 'An id of another org', 'stranger@example.com', '003000000000ZZZAAY', 'synced'),
  (5, 'An account', '$(email 6)', '$account', 'synced'),
  (6, 'Deleted there', null, '$(id 8)', 'synced'),
  (7, 'Merged there', null, '$(id 10)', 'synced'),
  (8, 'No id at all', 'words@example.com', 'none', 'synced')"
before=$(count)
"$bin/lockstep" plan --json > plan 2> /dev/null || true
counts() { jq -c '.objects[] | select(.object == "Contact") | [.pulled.created, .pushed.created, .linked]' "$1"; }
status=0; "$bin/lockstep" sync --json > report 2> error || status=$?
expect "exit status with a row set aside" $status 1
expect "pulled, created, linked" "$(counts report)" "[$((before - 5)),2,5]"
expect "what was planned" "$(jq -c ".objects[] | select(.object == \"Contact\") | [.crm.create, .salesforce.create, .link]" plan)" "$(counts report)"
expect "contacts in the org" "$(count)" $((before + 2))
expect "rows" "$(sql 'select count(*) from contacts')" $((before + 3))
row() { sql "select salesforce_id || ' ' || salesforce_sync_status from contacts where id = $1"; }
expect "a row without an address" "$(row 1)" "$(id 0) synced"
expect "its record follows" "$(org "$(id 0)" LastName)" "No address"
expect "an id of 15 characters" "$(row 2)" "$(id 1) synced"
expect "an id against an address" "$(row 3)" "$(id 3) synced"
expect "the record of that address is left alone" "$(org "$(id 5)" LastName)" "$(jq -r '.records[5].LastName' there)"
expect "a match rule where the id says nothing" "$(row 5)" "$(id 6) synced"
expect "the record that is left of a merge" "$(row 7)" "$(id 9) synced"
expect "a row whose record was deleted" "$(sql 'select salesforce_sync_status from contacts where id = 6')" error
expect "why" "$("$bin/lockstep" parked list --json | jq -r '.[].code')" RECORD_DELETED
for _ in 1 2; do "$bin/lockstep" sync --json > report 2> error || true; done
expect "calls of an idle run" "$(jq .api_calls report)" 1

# Taken out of the bin, it is that row's record.
curl -sf -X POST "$url/__sim/undelete" -d "{\"ids\":[\"$(id 8)\"]}" > /dev/null
sleep 1.1
"$bin/lockstep" sync --json > report 2> error || fail "the sync after the undelete: $(cat error)"
expect "the record that was taken back" "$(row 6)" "$(id 8) synced"
expect "rows" "$(sql 'select count(*) from contacts')" $((before + 3))
"$bin/lockstep" verify > verified || { cat verified; fail "the sides differ"; }
echo "every row found the record that it names"
