#!/usr/bin/env bash
# Rows that the org already has are linked instead of made again, though nothing was ever read from it. Real programs.
# Usage: twins.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 400
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync() { "$bin/lockstep" sync --json "$@"; }
sign_in
query() { api -G --data-urlencode "q=$1" "$data/query"; }
count() { query "SELECT COUNT() FROM Contact" | jq -r .totalSize; }
"$bin/lockstep" integration set syncDirection=crm_to_salesforce > /dev/null

# 300 rows that the org has, in another spelling of their addresses, and 300 that it has not.
before=$(count)
query "SELECT Id, Email, LastName FROM Contact WHERE Email != null ORDER BY Id LIMIT 300" > there
expect "records to meet" "$(jq '[.records[].Email | ascii_downcase] | unique | length' there)" 300
python3 - <<'END'
import json, sqlite3
db = sqlite3.connect("lockstep.db", timeout=5)
for record in json.load(open("there"))["records"]:
    db.execute("insert into contacts(last_name, email, title) values (?, ?, 'Known to us')",
               (record["LastName"], record["Email"].upper()))
for n in range(300):
    db.execute("insert into contacts(last_name, email) values (?, ?)", (f"Fresh {n}", f"o'neil+{n}@fresh.example"))
db.commit()
END
expect "rows" "$(sql 'select count(*) from contacts')" 600
calls() { jq -r .api_calls report; }
counts() { jq -c '.objects[] | select(.object == "Contact") | [.pushed.created, .pushed.updated, .linked, .parked]' report; }
"$bin/lockstep" plan > plan || fail "the plan: $(cat plan)"
sync > report || fail "the first push"
expect "created, updated, linked, parked" "$(counts)" "[300,300,300,0]"
echo "the first push of 600 rows took $(calls) calls"
expect "contacts in the org" "$(count)" $((before + 300))
expect "records of known rows" "$(query "SELECT COUNT() FROM Contact WHERE Title = 'Known to us'" | jq -r .totalSize)" 300
expect "rows of the records that were there" "$(sql "select count(*) from contacts where title = 'Known to us' and
  instr('$(jq -r '[.records[].Id] | join(",")' there)', salesforce_id) > 0")" 300
expect "statuses" "$(sql 'select group_concat(distinct salesforce_sync_status) from contacts')" synced
sync > report
expect "an idle run" "$(counts)" "[0,0,0,0]"

# What may be any of several is set aside, on whichever side the several are.
for n in 1 2; do api -d "{\"LastName\":\"Twin $n\",\"Email\":\"twin@example.com\"}" "$data/sobjects/Contact" > /dev/null; done
api -d '{"LastName":"Single","Email":"single@example.com"}' "$data/sobjects/Contact" > /dev/null
sql "insert into contacts(last_name, email) values ('Twin', 'twin@example.com'), ('Single', 'single@example.com'),
  ('Single', 'SINGLE@example.com')"
before=$(count)
status=0; sync > report || status=$?
expect "exit status with rows set aside" $status 1
expect "created, updated, linked, parked" "$(counts)" "[0,0,0,3]"
expect "contacts in the org" "$(count)" "$before"
expect "why" "$("$bin/lockstep" parked list --json | jq -r '[.[].code] | unique | join(",")')" AMBIGUOUS_MATCH
# Somebody settles it: one of the two records goes, one of the two rows gets an address of its own.
api -X DELETE "$data/sobjects/Contact/$(query "SELECT Id FROM Contact WHERE LastName = 'Twin 1'" | jq -r '.records[0].Id')"
sql "update contacts set email = 'another@example.com' where email = 'SINGLE@example.com';
  update contacts set title = 'Looked at' where last_name in ('Twin', 'Single') and email != 'another@example.com'"
sync > report || fail "the push once it is clear"
expect "created, updated, linked, parked" "$(counts)" "[1,2,2,0]"
expect "contacts in the org" "$(count)" "$before"

# Once a pull has seen all there is, nothing is asked: a look, and a create.
"$bin/lockstep" integration set syncDirection=bidirectional > /dev/null
sync > /dev/null || fail "the first pull"
sleep 1.1
sync > /dev/null
sql "insert into contacts(last_name, email) values ('New', 'new@example.com')"
sync > report || fail "the push of a new row"
expect "created, updated, linked, parked" "$(counts)" "[1,0,0,0]"
expect "calls of a run that creates a record" "$(calls)" 2
echo "nothing is made that is there"
