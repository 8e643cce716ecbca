#!/usr/bin/env bash
# A daemon that stands still for longer than its job's lock, as on a machine that was suspended: another one takes the job
# over, and the first finds on waking that the run is not its own any more and stops before its next write.
# Usage: lost_lock.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
export LOCKSTEP_QUEUE_LOCK_DURATION_MS=2000 LOCKSTEP_QUEUE_STALLED_INTERVAL_MS=2000 LOCKSTEP_SERVER_LISTEN=127.0.0.1:0
rows=25000
start_sfsim --seed-rows $rows --latency-ms 400
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
until_true() { for _ in $(seq 900); do eval "$2" && return; sleep 0.1; done; cat ./*.log >&2; fail "$1 never came"; }
contacts() { sql 'select count(*) from contacts where salesforce_id is not null' 2> /dev/null || echo 0; }

"$bin/lockstep" serve 2> sleeper.log &
sleeper=$!
trap '{ kill -CONT $sleeper; kill -9 $sleeper; } 2> /dev/null || true; finish' EXIT
until_true "the first page" '[ "$(contacts)" -gt 0 ]'
# Asleep in the middle of its run, and not in the middle of a transaction: that would keep everybody else out.
while kill -STOP $sleeper && ! sqlite3 -cmd '.timeout 200' lockstep.db 'begin immediate; rollback' 2> /dev/null; do
  kill -CONT $sleeper
  sleep 0.02
done
[ "$(contacts)" -lt $rows ] || fail "the first daemon was stopped too late to be in the middle of its run"
"$bin/lockstep" serve 2> other.log &
server=$!
until_true "the take-over" 'grep -q "lost its worker" other.log'
kill -CONT $sleeper
until_true "the end of the first daemon's run" 'grep -q "is not ours any more: its run stops" sleeper.log'
until_true "all rows" '[ "$(contacts)" = $rows ]'
until_true "rest" '[ "$("$bin/lockstep" queue status --json | jq .counts.active)" = 0 ]'
expect "rows" "$(sql 'select count(*) from contacts')" $rows
expect "runs left open" "$("$bin/lockstep" runs list --json | jq '[.[] | select(.status == "running")] | length')" 0
"$bin/lockstep" verify > verified || { cat verified; fail "the sides differ"; }
for process in $sleeper $server; do
  kill "$process"; status=0; wait "$process" || status=$?
  expect "exit status after SIGTERM" $status 0
done
server=
echo "a daemon that overslept its lock wrote nothing more"
