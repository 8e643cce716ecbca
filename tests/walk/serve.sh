#!/usr/bin/env bash
# Daemons on one queue: a tick syncs what is due, `kill -9` in the middle of a run loses nothing, SIGTERM hands the job
# back, and an operator's commands and API calls work. Usage: serve.sh FOLDER-OF-THE-PROGRAMS [QUEUE-URL]
source "$(dirname "$0")/common.sh"
export LOCKSTEP_QUEUE_URL=${2:-embedded}
export LOCKSTEP_QUEUE_NAME=serve-walk-$$ LOCKSTEP_QUEUE_LOCK_DURATION_MS=2000 LOCKSTEP_QUEUE_STALLED_INTERVAL_MS=2000
export LOCKSTEP_SERVER_LISTEN=127.0.0.1:0 LOCKSTEP_SYNC_SCHEDULE="0 0 1 1 *"  # Until a tick is wanted.
hash() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
export LOCKSTEP_SECURITY_TOKENS=operator:deploy:$(hash operator-token),viewer:screen:$(hash viewer-token)
rows=25000

start_sfsim --seed-rows $rows --latency-ms 400
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
id=$(sql 'select id from lockstep_integrations')
queue() { "$bin/lockstep" queue status --json | jq -r "$1"; }
# until_true WHAT COMMAND: waits for a condition, not for a time.
until_true() { for _ in $(seq 1200); do eval "$2" && return; sleep 0.1; done; cat ./*.log >&2; fail "$1 never came"; }
contacts() { sql 'select count(*) from contacts where salesforce_id is not null' 2> /dev/null || echo 0; }
outbox() { sql 'select count(*) from lockstep_outbox'; }

"$bin/lockstep" serve 2> first.log &
first=$!
until_true "the first page" '[ "$(contacts)" -gt 0 ]'
LOCKSTEP_LOG_FORMAT=json "$bin/lockstep" serve 2> second.log &
server=$!
until_true "the second daemon" 'grep -q listening second.log'
kill -9 $first; wait $first 2> /dev/null || true
before=$(contacts)
[ "$before" -lt $rows ] || fail "the first daemon was killed too late to be in the middle of its run"
expect "jobs in hand of the dead daemon" "$(queue .counts.active)" 1
until_true "the end of the run in the second daemon" '[ "$(queue .counts.completed)" -ge 1 ]'
expect "rows after the run was taken over" "$(contacts)" $rows
grep -q 'lost its worker' second.log || fail "the second daemon does not say that it took the job over"
expect "the killed run's log" "$("$bin/lockstep" runs list --json |
  jq -r '[.[] | select(.errors[].code == "INTERRUPTED") | .status] | unique | join(" ")')" failed
"$bin/lockstep" verify > verified || { cat verified; fail "the sides differ"; }

sql "update contacts set title = 'T' || id"
until_true "a push under way" '[ "$(outbox)" -lt $rows ] && [ "$(outbox)" -gt 0 ]'
asked=$(date +%s%N)
kill $server; status=0; wait $server || status=$?
echo "SIGTERM in the middle of a push: $(((($(date +%s%N) - asked)) / 1000000)) ms, $(outbox) rows left"
expect "exit status after SIGTERM" $status 0
[ "$(outbox)" -gt 0 ] || fail "nothing was left for the next daemon"
expect "jobs that nobody has" "$(queue .counts.active)" 0
expect "the job handed back" "$(queue '.counts.prioritized + .counts.waiting')" 1

"$bin/lockstep" queue pause > /dev/null
LOCKSTEP_SERVER_LISTEN=127.0.0.1:0 "$bin/lockstep" serve 2> third.log &
server=$!
until_true "the third daemon" 'grep -q listening third.log'
port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' third.log)
expect "a paused queue" "$(queue '.paused, .counts.active' | xargs)" "true 0"
"$bin/lockstep" queue resume > /dev/null
until_true "the rest of the push" '[ "$(outbox)" = 0 ]'
until_true "rest" '[ "$(queue .counts.active)" = 0 ]'
"$bin/lockstep" verify > verified || { cat verified; fail "the sides differ"; }

runs_so_far=$(queue .counts.completed)
sleep 4
expect "runs of an idle daemon" "$(queue .counts.completed)" "$runs_so_far"

# In the foreground, while the daemon is in the middle of a run.
sql "update contacts set title = 'U' || id"
until_true "a push under way" '[ "$(outbox)" -lt $rows ] && [ "$(outbox)" -gt 0 ]'
expect "a sync beside the daemon" "$("$bin/lockstep" sync --json 2> waited | jq -r .status)" completed
grep -q 'waiting: integration' waited || fail "the sync did not wait for the daemon's run: $(cat waited)"
expect "rows left after it" "$(outbox)" 0

board=http://127.0.0.1:$port/admin/queues/api/queues/$LOCKSTEP_QUEUE_NAME
call() { curl -s -H "Authorization: Bearer $1" -H 'Content-Type: application/json' -o answer -w '%{http_code}' "${@:2}"; }
expect "a look without sign-in" "$(call nobody "$board/1")" 401
job='{"name":"salesforce-sync","data":{"integrationId":"nowhere","trigger":"manual"},"options":{}}'
expect "a viewer's change" "$(call viewer-token -X POST -d "$job" "$board/add")" 405
expect "an operator's job" "$(call operator-token -X POST -d "$job" "$board/add")" 200
failed=$(jq -r .job.id answer)
until_true "the failure" '[ "$(queue .counts.failed)" = 1 ]'
expect "a viewer's look" "$(call viewer-token "$board/$failed")" 200
expect "the reason" "$(jq -r .job.failedReason answer)" \
  "there is no integration nowhere: \`lockstep status\` lists them"
expect "retried jobs" "$("$bin/lockstep" queue retry-failed --json | jq .changed)" 1
until_true "the second failure" '[ "$(queue .counts.failed)" = 1 ]'

runs=http://127.0.0.1:$port/api/v1/runs
expect "a viewer's sync now" "$(call viewer-token -X POST -d '{}' "$runs")" 403
expect "sync now" "$(call operator-token -X POST -d "{\"integrationId\":\"$id\",\"objects\":[\"Contact\"]}" "$runs")" 202
now=$(jq -r '.jobs[0].job_id' answer)
until_true "the run" '[ "$(call viewer-token "$board/$now")" = 200 ] && [ "$(jq -r .status answer)" = completed ]'
expect "what it synced" "$(jq -r '.job.returnValue | .status, .objects[0].object' answer | xargs)" "completed Contact"
expect "sync now of nobody" "$(call operator-token -X POST -d '{"integrationId":"nowhere"}' "$runs")" 404

# A tick syncs whoever is due; here the next minute's.
sql "update lockstep_integrations set sync_frequency = 1, next_sync_at = '2020-01-01T00:00:00.000Z'"
until_true "a schedule that follows the frequency" '[ "$(queue ".schedulers[0].every_ms")" = 60000 ]'
record=$(sql 'select salesforce_id from contacts where id = 7')
api -X PATCH -d '{"Department":"Ticks","Title":"Of the tick"}' "$data/sobjects/Contact/$record"
until_true "what a tick brings" '[ "$(sql "select title from contacts where id = 7")" = "Of the tick" ]'
drained=$("$bin/lockstep" queue drain --json | jq .changed)
[ "$drained" -ge 0 ] || fail "drain does not say how many jobs it dropped"
kill $server; status=0; wait $server || status=$?; server=
expect "exit status after SIGTERM" $status 0
echo "two daemons lost nothing"
