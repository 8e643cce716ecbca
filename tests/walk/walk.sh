#!/usr/bin/env bash
# A person edits a row with the sqlite3 shell and a record with curl, runs `lockstep sync`, and finds both edits on
# both sides. Usage: walk.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 5000
sign_in
sync() { "$bin/lockstep" sync --json --integration "$(sql "select id from lockstep_integrations where workspace_id = 'default'")"; }

status=0; SALESFORCE_CLIENT_SECRET=wrong "$bin/lockstep" connect --flow client-credentials 2> error || status=$?
expect "exit status of a wrong secret" $status 3
grep -q SALESFORCE_CLIENT_SECRET error || fail "the message does not name the secret's variable"
"$bin/lockstep" connect --flow client-credentials > /dev/null
expect "first sync" "$(sync | jq -r '.status, (.objects[] | select(.object == "Contact").pulled.created)' | xargs)" \
  "completed 5000"
expect "contacts" "$(sql 'select count(*) from contacts')" 5000

id=$(sql 'select salesforce_id from contacts where id = 7')
sql "update contacts set phone = '+1 555 0100' where id = 7"
sql "insert into companies(name) values ('Beta')"
sql "insert into contacts(last_name, company_id) values ('Newcomer', (select id from companies where name = 'Beta'))"
api -X PATCH -d '{"Title":"Director"}' "$data/sobjects/Contact/$id"
expect "second sync" "$(sync | jq -r .status)" completed
expect "the row" "$(sql 'select title || phone from contacts where id = 7')" "Director+1 555 0100"
expect "the record" "$(api "$data/sobjects/Contact/$id" | jq -r '.Title + .Phone')" "Director+1 555 0100"
new=$(sql "select salesforce_id from contacts where last_name = 'Newcomer'")
beta=$(sql "select salesforce_id from companies where name = 'Beta'")
expect "the new record's account" "$(api "$data/sobjects/Contact/$new" | jq -r .AccountId)" "$beta"

sleep 1.1
sync > /dev/null
sleep 1.1
expect "an idle run" "$(sync | jq -c '[.status, .api_calls, ([.objects[] | .pulled.created, .pulled.updated,
  .pushed.created, .pushed.updated] | add)]')" '["completed",1,0]'

sql "update contacts set title = 'T' || id"
calls=$(sync | jq '[.api_calls, (.objects[] | select(.object == "Contact").pushed.updated)] | @csv' -r)
echo "push of 5001 changed rows: API calls, rows: $calls"
expect "pushed rows" "${calls#*,}" 5001
[ "${calls%,*}" -le 50 ] || fail "a push of 5001 rows took ${calls%,*} API calls"

sql "update lockstep_field_mappings set mappings = json_insert(mappings, '\$[#]',
  json_object('crmField', 'title', 'salesforceField', 'Nonsense__c')) where object_type = 'Contact'"
status=0; sync > report || status=$?
expect "exit status of a mapping to no field" $status 1
jq -r '.errors[].message' report | grep -q 'no field Nonsense__c' || fail "no error names the field"
status=0; LOCKSTEP_SALESFORCE_NONSENSE=1 "$bin/lockstep" status 2> error || status=$?
expect "exit status of an unknown setting" $status 2
status=0; LOCKSTEP_STORE_URL=sqlite:/nowhere/x.db "$bin/lockstep" status 2> error || status=$?
expect "exit status of a store out of reach" $status 5
sql "update lockstep_field_mappings set mappings = json_remove(mappings, '\$[#-1]') where object_type = 'Contact'"

status=0; echo wrong | "$bin/lockstep" connect --flow refresh-token --workspace other 2> error || status=$?
expect "exit status of a wrong refresh token" $status 3
echo sfsim-refresh | "$bin/lockstep" connect --flow refresh-token --workspace other > /dev/null
sql "update lockstep_integrations set is_active = 0 where workspace_id = 'other'"
! grep -aqF sfsim-refresh lockstep.db* || fail "the refresh token stands readable in the store"

sql "insert into contacts(first_name) values ('Nameless'); insert into contacts(last_name) values ('Whole')"
nameless=$(sql "select id from contacts where first_name = 'Nameless'")
status=0; sync > report || status=$?
expect "exit status beside a row that Salesforce refuses" $status 1
expect "the run's error" "$(jq -r '.errors[] | .code + " " + .record' report)" "REQUIRED_FIELD_MISSING $nameless"
expect "the row's own state" "$(sql "select salesforce_sync_status from contacts where id = $nameless")" error
sql "select salesforce_sync_error from contacts where id = $nameless" | grep -q LastName || fail "the row does not say why"
expect "the row beside it" "$(sql "select salesforce_sync_status from contacts where last_name = 'Whole'")" synced
status=0; sync > /dev/null || status=$?
expect "exit status while a row is parked" $status 1
sql "update contacts set last_name = 'Named' where id = $nameless"
status=0; sync > report || status=$?
expect "exit status once the row is mended" $status 0

status=0; "$bin/lockstep" sync --object Contcat 2> error || status=$?
expect "exit status of an unknown object" $status 2
grep -q 'Contcat.*Account, Contact, Opportunity' error || fail "the message does not name the object and what there is"

sync > /dev/null  # Edits are followed at once where the last run went well.
LOCKSTEP_SERVER_LISTEN=127.0.0.1:0 "$bin/lockstep" serve 2> serve.log &
server=$!
sql "update contacts set phone = '+1 555 0199' where id = 7"
for _ in $(seq 100); do
  [ "$(api "$data/sobjects/Contact/$id" | jq -r .Phone)" != '+1 555 0199' ] || break
  sleep 0.1
done
expect "an edit while serving" "$(api "$data/sobjects/Contact/$id" | jq -r .Phone)" '+1 555 0199'
port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' serve.log)
expect "readiness" "$(curl -sf "http://127.0.0.1:$port/readyz")" ok
expect "health" "$(curl -sf "http://127.0.0.1:$port/healthz")" ok
kill "$server"; status=0; wait "$server" || status=$?
expect "exit status after SIGTERM" $status 0

kill "$simulator"; wait "$simulator" || fail "sfsim did not end well"; simulator=
status=0; sync > report || status=$?
expect "exit status of an org out of reach" $status 5
echo "both sides agree"
