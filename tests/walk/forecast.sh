#!/usr/bin/env bash
# A first load that today's calls do not pay for waits as a whole, while edits of what is loaded go on; the state says
# when it begins, and then it does. Usage: forecast.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

# 120 calls are ours, 72 of them for first loads, of which a Bulk load takes ten.
export LOCKSTEP_SALESFORCE_API_BUDGET_PERCENT=30
start_sfsim --seed-rows 60000 --api-limit 400
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
# Scheduled or by hand, a run of what is there already spends calls that the load will miss.
"$bin/lockstep" integration set syncContacts=false > /dev/null
"$bin/lockstep" sync > /dev/null
budget() { "$bin/lockstep" status --json | jq -r ".integrations[0].api_budget | $1"; }
left_to_loads() { budget '.lanes[] | select(.lane == "backfill").left'; }
for round in $(seq 200); do
  [ "$(left_to_loads)" -ge 8 ] || break
  sql "update companies set phone = '+1 $round' where id = (select min(id) from companies)"
  "$bin/lockstep" sync > said || fail "a run before the load: $(cat said)"
done
[ "$(left_to_loads)" -gt 0 ] || fail "nothing is left to first loads, and some was to be"

"$bin/lockstep" integration set syncContacts=true > /dev/null
record=$(sql "select salesforce_id from companies order by id limit 1")
phone() { api "$data/sobjects/Account/$record" | jq -r .Phone; }
for round in first second; do
  sql "update companies set phone = '$round edit' where salesforce_id = '$record'"
  before=$(curl -sf "$url/__sim/stats" | jq '.by_kind | to_entries | map(select(.key | startswith("bulk"))) | map(.value) | add // 0')
  status=0; "$bin/lockstep" sync > report || status=$?
  expect "exit status beside a load that waits" $status 1
  grep -q "first load of Contact" report || fail "the run does not say what waits: $(cat report)"
  expect "edits beside a load that waits" "$(phone)" "$round edit"
  expect "rows of the load that waits" "$(sql "select count(*) from contacts")" 0
  after=$(curl -sf "$url/__sim/stats" | jq '.by_kind | to_entries | map(select(.key | startswith("bulk"))) | map(.value) | add // 0')
  expect "Bulk calls of the load that waits" "$after" "$before"
done
expect "the state" "$("$bin/lockstep" status --json | jq -r '.integrations[0].sync_status')" budget_exhausted
"$bin/lockstep" status | grep -q 'first load of Contact takes about 1[0-9] API calls.* begins by itself after 20' ||
  fail "the status does not say when it begins: $("$bin/lockstep" status)"

echo "the org's day passes"
curl -sf -X PUT "$url/__sim/clock" -d '{"advance_ms":88200000}' > /dev/null
"$bin/lockstep" sync > /dev/null || "$bin/lockstep" sync > said || fail "the load's own run: $(cat said)"
records=$(curl -sf "$url/__sim/dump/Contact" | wc -l)
expect "rows that were loaded" "$(sql "select count(*) from contacts")" "$records"
expect "the state" "$("$bin/lockstep" status --json | jq -r '.integrations[0].sync_status')" idle
echo "a first load waited as a whole, and came when there was budget for it"
