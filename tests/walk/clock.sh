#!/usr/bin/env bash
# This machine's clock is an hour wrong: the newer edit wins all the same, and doctor says so.
# Usage: clock.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
sync() { "$bin/lockstep" sync --json > report 2> error || fail "sync: $(cat error)"; }

start_sfsim --seed-rows 10
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" mapping set Contact --conflicts newest_wins > /dev/null
sync
"$bin/lockstep" doctor | grep -q clock && fail "doctor complains of a clock that is right"
curl -sf -X PUT "$url/__sim/clock" -d '{"advance_ms":3600000}' > /dev/null
sync  # Hears what time it is there.
record() { sql "select salesforce_id from contacts where id = $1"; }
org_edit() { api -X PATCH -d "$2" "$data/sobjects/Contact/$(record "$1")" > /dev/null; }
title() { echo "$(sql "select title from contacts where id = $1")|$(api "$data/sobjects/Contact/$(record "$1")" | jq -r .Title)"; }

org_edit 1 '{"Title":"First, in the org"}'
sleep 2.1
sql "update contacts set title = 'Then, in the store' where id = 1; update contacts set title = 'First, in the store' where id = 2"
sleep 2.1
org_edit 2 '{"Title":"Then, in the org"}'
sleep 1.1
"$bin/lockstep" plan > /dev/null
sync
expect "the store's later edit" "$(title 1)" "Then, in the store|Then, in the store"
expect "the org's later edit" "$(title 2)" "Then, in the org|Then, in the org"
status=0; "$bin/lockstep" doctor > said || status=$?
expect "doctor's exit status" $status 1
grep -q "clock is 3[56][0-9]* s behind Salesforce's" said || fail "doctor does not see the clock: $(cat said)"
echo "the newer edit won, by a clock that is an hour wrong"
