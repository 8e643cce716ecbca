#!/usr/bin/env bash
# A small share of a small day's API calls: it is never exceeded, whoever runs how often; the state says so, and goes on
# by itself when the org's clock has moved. Usage: budget.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

limit=400 share=80
export LOCKSTEP_SALESFORCE_API_BUDGET_PERCENT=20
start_sfsim --seed-rows 300 --api-limit $limit
sign_in
# Calls that count, and are not those of this script; connect's own are ours too.
spent() {
  echo >> asked
  echo $(($(curl -sf "$url/services/data/v62.0/limits" -H "Authorization: Bearer $token" |
    jq '.DailyApiRequests | .Max - .Remaining') - $(wc -l < asked)))
}
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null
state() { "$bin/lockstep" status --json | jq -r "$1"; }
budget=.integrations[0].api_budget
expect "the share" "$(state "$budget | [.org_limit, .share, .state] | map(tostring) | join(\" \")")" "$limit $share ok"

echo "an idle run stays at one call"
sleep 1.1; "$bin/lockstep" sync > /dev/null; sleep 1.1
expect "an idle run" "$("$bin/lockstep" sync --json | jq -c '[.status, .api_calls]')" '["completed",1]'

echo "edits until nothing is left"
for round in $(seq 60); do
  sql "update contacts set title = 'T$round' where id % 30 = $((round % 30))"
  status=0; "$bin/lockstep" sync --object Contact > said 2>&1 || status=$?
  [ $status != 4 ] || break
done
expect "exit status of a run without budget" $status 4
grep -q 'api_budget_percent' said || fail "the message names no remedy: $(cat said)"
calls=$(spent)
echo "$calls of $share calls are spent"
[ "$calls" -le $share ] || fail "$calls calls, and $share were ours"
[ "$calls" -ge $((share - 8)) ] || fail "only $calls of $share calls were used"
expect "the state" "$(state '.integrations[0].sync_status')" budget_exhausted
expect "the budget's state" "$(state "$budget.state")" exhausted
[ "$(state "$budget.goes_on_at")" != null ] || fail "the status does not say when it goes on"
"$bin/lockstep" status | grep -q 'used up: scheduled runs go on at' || fail "lockstep status does not say so"

echo "whoever asks, it stays so"
for _ in 1 2 3; do "$bin/lockstep" sync > /dev/null 2>&1 & pids+=" $!"; done
for pid in $pids; do status=0; wait "$pid" || status=$?; [ $status != 0 ] || fail "a run found budget where there is none"; done
calls=$(spent); [ "$calls" -le $share ] || fail "$calls calls after the end of the budget"
left=$(sql "select count(*) from contacts where salesforce_sync_status = 'pending'")
[ "$left" -gt 0 ] || fail "nothing waits"

echo "a daemon puts its job off until the budget is there again"
LOCKSTEP_SERVER_LISTEN=127.0.0.1:0 "$bin/lockstep" serve 2> serve.log &
server=$!
put_off() { sql "select $1 from lockstep_jobs j, lockstep_integrations i
                 where j.state = 'delayed' and j.data like '%' || i.id || '%'"; }
for _ in $(seq 300); do [ "$(put_off 'count(*)')" = 1 ] && break; sleep 0.1; done
expect "jobs put off" "$(put_off 'count(*)')" 1
expect "a job put off to the next sync" \
  "$(put_off 'abs((julianday(i.next_sync_at) - 2440587.5) * 86400 - (j.timestamp + j.delay) / 1000.0) < 30')" 1
expect "failed jobs" "$("$bin/lockstep" queue status --json | jq .counts.failed)" 0
kill $server; status=0; wait $server || status=$?; server=
expect "exit status after SIGTERM" $status 0
calls=$(spent); [ "$calls" -le $share ] || fail "$calls calls with a daemon"

echo "the org's day passes"
curl -sf -X PUT "$url/__sim/clock" -d '{"advance_ms":88200000}' > /dev/null
sign_in
status=0; "$bin/lockstep" sync > /dev/null 2>&1 || status=$?
expect "exit status after a day" $status 0
expect "rows that wait" "$(sql "select count(*) from contacts where salesforce_sync_status = 'pending'")" 0
expect "the state" "$(state '.integrations[0].sync_status')" idle
[ "$(state "$budget.spent")" -le 20 ] || fail "calls of yesterday still count"
echo "the share was kept, and it went on by itself"
