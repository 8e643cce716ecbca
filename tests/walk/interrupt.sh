#!/usr/bin/env bash
# Ctrl-C while the org takes its time: every command says that it was interrupted, and nothing that is not so.
# Usage: interrupt.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 300
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null
slow='{"rules":[{"effect":"latency","latency_ms":20000}]}'
# Python, since a shell lets its children in the background ignore the signal.
interrupt() {
  curl -sf -X PUT "$url/__sim/faults" -d "$slow" > /dev/null
  python3 - "$bin/lockstep" "$url" "$@" << 'P' || fail "$1 could not be run"
import json, signal, subprocess, sys, time, urllib.request
program, url, *arguments = sys.argv[1:]
strikes = lambda: max(json.load(urllib.request.urlopen(url + "/__sim/stats"))["faults"] or [0])
process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=open("out", "w"), stderr=open("error", "w"))
while strikes() == 0 and process.poll() is None:
    time.sleep(0.05)
process.send_signal(signal.SIGINT)
open("status", "w").write(str(process.wait()))
P
  curl -sf -X DELETE "$url/__sim/faults" > /dev/null
  expect "exit status of $1 ($(cat out error))" "$(cat status)" 1
  grep -q interrupted out error || fail "$1 does not say that it was interrupted: $(cat out error)"
}
interrupt plan
! grep -q 'cost:' out || fail "a plan that is none: $(cat out)"
interrupt verify
! grep -q 'not equal' out error || fail "verify says what it does not know: $(cat out)"
interrupt doctor
interrupt sync
expect "the state after it" "$(sql 'select sync_status from lockstep_integrations')" idle
# The sign-in itself is slow.
slow='{"rules":[{"effect":"latency","latency_ms":20000,"path":"/services/oauth2/token"}]}'
interrupt connect --flow client-credentials --workspace second
expect "what an interrupted connect stores" "$(sql "select count(*) from lockstep_integrations")" 1
"$bin/lockstep" sync > out || fail "a sync after all that: $(cat out)"
echo "interrupted, and said so"
