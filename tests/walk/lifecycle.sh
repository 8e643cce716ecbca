#!/usr/bin/env bash
# What is deleted on one side is deleted on the other, by policy and with the brake; what is merged is merged, what is
# taken back comes back. Real programs. Usage: lifecycle.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 200
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync() { "$bin/lockstep" sync --json "$@"; }
sign_in
query() { api -G --data-urlencode "q=$1" "$data/query" | jq -r .totalSize; }
row() { sql "select count(*) from contacts where id = $1"; }
record() { query "SELECT COUNT() FROM Contact WHERE Id = '$1'"; }
sync > /dev/null

# A record is deleted, and its row goes with it; a row is deleted, and its record goes with it.
names=$(sql "select group_concat(last_name, ' ') from (select last_name from contacts where id <= 2 order by id)")
one=$(sql 'select salesforce_id from contacts where id = 1'); two=$(sql 'select salesforce_id from contacts where id = 2')
api -X DELETE "$data/sobjects/Contact/$one"
sql 'delete from contacts where id = 2'
sleep 1.1
expect "deletes both ways" "$(sync | jq -c '[.status, (.objects[] | select(.object == "Contact") | .pulled.deleted,
  .pushed.deleted)]')" '["completed",1,1]'
expect "the row of the deleted record" "$(row 1)" 0
expect "the record of the deleted row" "$(record "$two")" 0
actions() { "$bin/lockstep" history "contacts/$1" --json | jq -r '.[].action' | xargs; }
expect "what happened to the one" "$(actions 1)" "row_deleted deleted_in_salesforce row_created"
expect "what happened to the other" "$(actions 2)" "record_deleted deleted_in_crm row_created"
# With what both held, whose decision it was, and the request of the one that we made; the others are nobody's of ours.
history() { "$bin/lockstep" history "contacts/$1" --json | jq -c "$2"; }
was='[.[0,1] | [.action, .request_id != "" and .request_id != null, (.run_id | length > 0), .details.by // "",
  (.details.changes[] | select(.field == "LastName") | .side, .before, .after, .decision)]]'
expect "the deletion in Salesforce" "$(history 1 "$was")" '[["row_deleted",false,true,"","crm","'"${names% *}"'",null,"deleted_in_salesforce"],["deleted_in_salesforce",false,true,"deleted in Salesforce, not by a sync","salesforce","'"${names% *}"'",null,"deleted_in_salesforce"]]'
expect "the deletion in the CRM" "$(history 2 "$was")" '[["record_deleted",true,true,"","salesforce","'"${names#* }"'",null,"deleted_in_crm"],["deleted_in_crm",false,true,"deleted in the CRM, not by a sync","crm","'"${names#* }"'",null,"deleted_in_crm"]]'
"$bin/lockstep" history contacts/2 > told
grep -q "LastName in Salesforce: empty, before \"${names#* }\" (deleted in crm)" told || fail "no values for people: $(cat told)"
grep -q 'deleted in the CRM, not by a sync' told || fail "nobody is named: $(cat told)"
[[ $(grep -c ', request ' told) -ge 1 ]] || fail "no request for people: $(cat told)"
sleep 1.1
expect "an idle run after it" "$(sync | jq -c '[.status, .api_calls, ([.objects[] | .pulled.created, .pulled.updated,
  .pulled.deleted, .pushed.created, .pushed.updated, .pushed.deleted] | add)]')" '["completed",1,0]'

# Deleted here and edited there: the later edit wins, and both live on.
three=$(sql 'select salesforce_id from contacts where id = 3')
sql 'delete from contacts where id = 3'
sleep 1.1
api -X PATCH -d '{"Title":"Still here"}' "$data/sobjects/Contact/$three"
sleep 1.1
sync > /dev/null || fail "the sync of a delete against an edit"
expect "the row that came back under its key" "$(sql 'select title from contacts where id = 3')" "Still here"
expect "what is recorded" "$(sql "select against || ' ' || decision from lockstep_conflicts where row_key = '3'")" \
  "row_deleted org_won"

# A company goes while its contacts stay: they are detached first, so that Salesforce does not delete them too.
company=$(sql 'select company_id from contacts where company_id is not null limit 1')
account=$(sql "select salesforce_id from companies where id = $company")
children=$(sql "select count(*) from contacts where company_id = $company")
sql "delete from companies where id = $company"
sync > /dev/null || fail "the sync of a deleted company"
expect "the account" "$(query "SELECT COUNT() FROM Account WHERE Id = '$account'")" 0
sleep 1.1
sync > /dev/null
expect "its contacts' rows" "$(sql "select count(*) from contacts where company_id = $company")" "$children"

# Nor does it while contacts are not part of the run, or switched off: the account stays until they were detached.
company=$(sql 'select id from companies where id in (select company_id from contacts) limit 1')
account=$(sql "select salesforce_id from companies where id = $company")
records=$(query 'SELECT COUNT() FROM Contact')
sql "delete from companies where id = $company"
"$bin/lockstep" integration set syncContacts=false > /dev/null
for alone in "--object Account" ""; do
  status=0; sync $alone > report || status=$?
  expect "exit status of a run that leaves an account ($alone)" $status 1
  expect "why it stays ($alone)" "$(jq -c '[.errors[] | select(.code == "WAITING_FOR_CHILDREN") | .message |
    test("does not send Contact")]' report)" '[true]'
  expect "that account ($alone)" "$(query "SELECT COUNT() FROM Account WHERE Id = '$account'")" 1
  expect "contacts ($alone)" "$(query 'SELECT COUNT() FROM Contact')" "$records"
done
"$bin/lockstep" integration set syncContacts=true > /dev/null
sync --object Account > report && fail "an account went before its contacts were detached"
sync > report || true
expect "the account once its contacts are detached" "$(query "SELECT COUNT() FROM Account WHERE Id = '$account'")" 0
expect "contacts after that" "$(query 'SELECT COUNT() FROM Contact')" "$records"
sleep 1.1
sync > /dev/null

# A record that the sync user may not see any more looks as if it had been purged. Its row goes, is kept for as long as
# that of any other, and is the same row again once the record is seen again; nothing becomes two.
sql 'alter table contacts add column notes text'
sql "update contacts set notes = 'ours ' || id"
hide() { curl -sf -d "{\"id\":\"$1\",\"hidden\":$2}" "$url/__sim/hidden" > /dev/null; }
id_of() { sql "select salesforce_id from contacts where id = $1"; }
check_ids() { sql 'update lockstep_checkpoints set ids_checked_at = 0'; sleep 1.1; sync > report || true; }
hidden=$(id_of 41)
hide "$hidden" true
check_ids
expect "the row of a hidden record" "$(row 41)" 0
sync > /dev/null || true
hide "$hidden" false
check_ids
expect "the row of a record that is seen again" "$(sql "select id || notes from contacts where salesforce_id = '$hidden'")" "41ours 41"

# If the row was edited, or is to be made again, a person decides.
edited=$(id_of 42)
hide "$edited" true
sql "update contacts set title = 'Edited' where id = 42"
for _ in 1 2 3; do sleep 1.1; sync > report || true; done
expect "the record of an edited row" "$(sql "select row_key from lockstep_links where record_id = '$edited'")" 42
expect "records beside it" "$(query "SELECT COUNT() FROM Contact WHERE Title = 'Edited'")" 0
expect "the conflict" "$("$bin/lockstep" conflicts list --json | jq -c '[.[] | select(.row == "42") | .store]')" '["Edited"]'
expect "what to do" "$("$bin/lockstep" parked list --json | jq -c '[.[] | select(.row == "42") | .code, .attempts]')" \
  '["RECORD_VANISHED",1]'
hide "$edited" false
for _ in 1 2; do sleep 1.1; sync > report || true; done
expect "the edit once the record is seen again" "$(query "SELECT COUNT() FROM Contact WHERE Title = 'Edited' AND Id = '$edited'")" 1
expect "nothing is left of it" "$("$bin/lockstep" conflicts list --json; "$bin/lockstep" parked list --json)" $'[]\n[]'

# Nor is a person asked to let the brake go when access is given back.
many=$(sql 'select salesforce_id from contacts where id between 50 and 89')
for id in $many; do hide "$id" true; done
check_ids
expect "the brake" "$(jq -r '.errors[].code' report)" MASS_CHANGE
for id in $many; do hide "$id" false; done
sleep 1.1
sync > report || fail "the sync once access is given back: $(jq -c .errors report)"
expect "links after that" "$(sql "select count(*) from lockstep_links where state = 'record_deleted'")" 0

# The brake: nobody means to delete most of a table.
rows=$(sql 'select count(*) from contacts'); records=$(query 'SELECT COUNT() FROM Contact')
expect "both sides before" "$rows" "$records"
sql 'delete from contacts where id % 2 = 0'
status=0; sync > report || status=$?
expect "exit status of a run that would delete half" $status 1
jq -r '.errors[].message' report | grep -q 'allow-mass-change' || fail "the message does not say how to go on"
expect "records that the brake kept" "$(query 'SELECT COUNT() FROM Contact')" "$records"
status=0; sync > report || status=$?
expect "exit status of the next run" $status 1
status=0; sync --allow-mass-change > report || status=$?
expect "exit status once it is allowed" $status 0
expect "records after that" "$(query 'SELECT COUNT() FROM Contact')" "$(sql 'select count(*) from contacts')"

# Other policies.
sql "update lockstep_integrations set on_salesforce_delete = 'archive', on_crm_delete = 'ignore'"
five=$(sql 'select salesforce_id from contacts where id = 5'); seven=$(sql 'select salesforce_id from contacts where id = 7')
api -X DELETE "$data/sobjects/Contact/$five"
sql 'delete from contacts where id = 7'
sleep 1.1
sync > /dev/null || fail "the sync under other policies"
expect "the archived row" "$(sql 'select archived_at is not null and salesforce_id is null from contacts where id = 5')" 1
expect "the record that was left" "$(record "$seven")" 1
api -X PATCH -d '{"Title":"Left"}' "$data/sobjects/Contact/$seven"
sleep 1.1
sync > /dev/null
expect "no row is made again of it" "$(row 7)" 0

# Under manual a person decides about a deletion against an edit; until then both sides stay as they are.
sql "update lockstep_integrations set on_salesforce_delete = 'delete', on_crm_delete = 'delete', conflict_resolution = 'manual'"
eleven=$(sql 'select salesforce_id from contacts where id = 11'); thirteen=$(sql 'select salesforce_id from contacts where id = 13')
fifteen=$(sql 'select salesforce_id from contacts where id = 15')
for id in "$eleven" "$thirteen"; do api -X DELETE "$data/sobjects/Contact/$id"; done
sql "update contacts set title = 'Edited' where id in (11, 13); delete from contacts where id = 15"
api -X PATCH -d '{"Title":"Edited"}' "$data/sobjects/Contact/$fifteen"
sleep 1.1
sync > /dev/null || true
open=$("$bin/lockstep" conflicts list --json | jq -c '[.[] | select(.row == "11" or .row == "13" or .row == "15")]')
expect "three decisions" "$(jq length <<< "$open")" 3
number() { jq ".[] | select(.row == \"$1\") | .id" <<< "$open"; }
"$bin/lockstep" conflicts resolve "$(number 11)" --take store > /dev/null || fail "an edit is worth a new record"
"$bin/lockstep" conflicts resolve "$(number 13)" --take org > /dev/null || fail "a deletion stands"
"$bin/lockstep" conflicts resolve "$(number 15)" --take org > out 2>&1 && fail "a row was made of nothing"
grep -q "insert it again under that key" out || fail "no word on what to do: $(cat out)"
"$bin/lockstep" conflicts resolve "$(number 15)" --take store > /dev/null || fail "a deleted row's record goes"
sync > report || true
expect "the record made again" "$(query "SELECT COUNT() FROM Contact WHERE Title = 'Edited' AND Id != '$fifteen'")" 1
expect "the row whose record was deleted" "$(row 13)" 0
expect "the record whose row was deleted" "$(record "$fifteen")" 0

# The other policies destroy nothing.
mkdir kept && cd kept
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync > /dev/null || true
ids() { sql "select id from contacts where salesforce_id is not null order by id limit 1 offset $1"; }
id_of() { sql "select salesforce_id from contacts where id = $1"; }
policy() { "$bin/lockstep" integration set "onSalesforceDelete=$1" "onCrmDelete=$1" > /dev/null; }
both_deleted() {  # One row's record, and another row.
  mine=$(ids 0) theirs=$(ids 1)
  kept=$(id_of "$mine") gone=$(id_of "$theirs")
  api -X DELETE "$data/sobjects/Contact/$gone"
  sql "delete from contacts where id = $mine"
  for _ in 1 2; do sleep 1.1; sync > /dev/null || true; done
}
policy recreate
both_deleted
expect "the row that is made again" "$(id_of "$mine")" "$kept"
again=$(id_of "$theirs")
[ "$again" != "$gone" ] && [ "$(record "$again")" = 1 ] || fail "the record is not made again"
policy archive
both_deleted
expect "the row that is marked" "$(sql "select archived_at is not null from contacts where id = $theirs")" 1
expect "the record that stays" "$(record "$kept") $(row "$mine")" "1 0"
policy ignore
both_deleted
expect "the row that is left" "$(sql "select archived_at is null from contacts where id = $theirs")" 1
expect "the record that is left" "$(record "$kept") $(row "$mine")" "1 0"
echo "deletes are followed"
