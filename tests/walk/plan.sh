#!/usr/bin/env bash
# Two sides that were filled apart meet: the plan says what will happen, nothing is changed by it, and the first sync
# does just that, links who is the same and makes no twin. Usage: plan.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 200
sign_in
count() { api -G --data-urlencode "q=SELECT COUNT() FROM $1" "$data/query" | jq .totalSize; }
first() { api -G --data-urlencode "q=SELECT $1 FROM $2 ORDER BY Id LIMIT 1 OFFSET $3" "$data/query" | jq -r ".records[0].$1"; }

email1=$(first Email Contact 0) email2=$(first Email Contact 1)
contacts=$(count Contact)
"$bin/lockstep" connect --flow client-credentials > /dev/null
sql "insert into contacts(last_name, email, title, updated_at) values
  ('Was here', '$(tr a-z A-Z <<< "$email1") ', 'Kept', '2019-01-01T00:00:00.000Z'),
  ('Twin', '$email2', null, '2019-01-01T00:00:00.000Z'), ('Twin too', '$email2', null, '2019-01-01T00:00:00.000Z'),
  ('Only here', 'nobody@nowhere.example', null, '2019-01-01T00:00:00.000Z')"
before=$(sql 'select * from contacts')
status=0
"$bin/lockstep" plan --json > plan.json || status=$?
expect "exit status of a plan with a doubt" $status 1
expect "the plan" "$(jq -c '.objects[] | select(.object == "Contact") | [.crm.create, .link, .salesforce.create, .parked]' plan.json)" \
  "[$((contacts - 2)),1,1,1]"
jq -r '.warnings[].message' plan.json | grep -q 'fits several rows of contacts.*(2, 3)' || fail "the plan does not name the twins"
expect "the rows after the plan" "$(sql 'select * from contacts')" "$before"
expect "the records after the plan" "$(count Contact)" "$contacts"
expect "copies left behind" "$(ls -d lockstep-plan-* 2> /dev/null || true)" ""
"$bin/lockstep" sync --dry-run --json > dry.json || true
expect "the dry run" "$(jq -c '.objects[] | select(.object == "Contact") | [.pulled.created, .linked, .pushed.created]' dry.json)" \
  "[$((contacts - 2)),1,1]"
expect "the records after the dry run" "$(count Contact)" "$contacts"

"$bin/lockstep" sync --json > run.json || true
expect "the run" "$(jq -c '.objects[] | select(.object == "Contact") | [.pulled.created, .linked, .pushed.created, .parked]' run.json)" \
  "[$((contacts - 2)),1,1,1]"
expect "records" "$(count Contact)" $((contacts + 1))
expect "the row that was there" "$(sql "select salesforce_id from contacts where id = 1")" "$(first Id Contact 0)"
expect "who won the name" "$(sql "select last_name from contacts where id = 1")" "$(first LastName Contact 0)"
expect "the loser is kept" "$(sql "select count(*) from lockstep_conflicts where store_value = 'Was here'")" 1
expect "the twins" "$(sql "select group_concat(salesforce_sync_status) from contacts where last_name like 'Twin%'")" error,error

# One twin goes, and the other is the record.
sql "delete from contacts where last_name = 'Twin too'; update lockstep_parked set retry_at = 0 where record_id is not null"
sleep 1.1
"$bin/lockstep" sync > /dev/null || fail "something is left after the twin went"
expect "the twin's record" "$(sql "select salesforce_id from contacts where id = 2")" "$(first Id Contact 1)"
expect "records afterwards" "$(count Contact)" $((contacts + 1))
expect "plan afterwards" "$("$bin/lockstep" plan --json | jq -c '[.objects[] | .crm.create, .salesforce.create, .salesforce.update] | add')" 0

# Two records that fit one row: nobody is taken for somebody else.
mkdir office && cd office
record() { api -d "{\"FirstName\":\"$1\",\"LastName\":\"Doe\",\"Email\":\"office@acme.example\"}" "$data/sobjects/Contact" |
  jq -r .id; }
jane=$(record Jane)
sleep 1.1
john=$(record John)
sleep 1.1
"$bin/lockstep" connect --flow client-credentials > /dev/null
sql "insert into contacts(first_name, last_name, email) values ('John', 'Doe', 'office@acme.example')"
"$bin/lockstep" plan --json > plan.json || true
expect "what the plan sets aside" "$(jq -c '[.warnings[].message | select(contains("and so do other records"))] | length' plan.json)" 2
"$bin/lockstep" sync > /dev/null || true
office() { sql "select first_name, salesforce_id, salesforce_sync_status from contacts where email = 'office@acme.example'"; }
expect "the row that either may be" "$(office)" "John||error"
api -X DELETE "$data/sobjects/Contact/$jane"
sql "update lockstep_parked set retry_at = 0 where record_id is not null"
sleep 1.1
"$bin/lockstep" sync > /dev/null || fail "something is left after one of the records went"
expect "the row once it is clear" "$(office)" "John|$john|synced"
echo "a plan comes true"
