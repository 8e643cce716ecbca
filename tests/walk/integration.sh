#!/usr/bin/env bash
# An integration's settings, the keys that seal its tokens, and the doctor. Usage: integration.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 20 --rotate-refresh-tokens
lockstep() { status=0; "$bin/lockstep" "$@" > out 2> error || status=$?; }
expect_status() { expect "exit status of $1 ($(cat out error))" "$status" "$2"; }

# Before anything is connected, and with a store, keys or settings that do not open: the doctor looks at the rest.
lockstep doctor; expect_status "the doctor before anything is connected" 3
for command in sync plan verify "mapping list" "integration show"; do
  lockstep $command; expect_status "$command before anything is connected" 3
  grep -q 'run `lockstep connect`' error || fail "$command does not say what to do: $(cat error)"
done
lockstep status; expect_status "status before anything is connected" 0
grep -q 'no org is connected yet' out || fail "status does not say it: $(cat out)"
lockstep history contacts/42; expect_status "the history of what nobody knows" 2
grep -q 'nothing is known of contacts/42: name a record by its id' error || fail "what to check: $(cat error)"
findings() { jq -r '[.findings[] | "\(.grade) \(.area)"] | join(", ")' out; }
echo "this is no database, but a letter" > letter.db
LOCKSTEP_STORE_URL=sqlite:letter.db lockstep doctor --json; expect_status "the doctor beside a file that is no store" 2
expect "what it found" "$(findings)" "ok settings, broken store, ok keys, broken queue, look sign-in"
chmod 644 lockstep.key; lockstep doctor --json; expect_status "the doctor beside a key file that all may read" 2
expect "what it found" "$(findings)" "ok settings, broken keys, ok queue, ok store, broken sign-in"
grep -q 'chmod 600' out || fail "the remedy is not named: $(cat out)"
chmod 600 lockstep.key
ENCRYPTION_KEY=short lockstep doctor --json; expect_status "the doctor beside a key that is none" 2
expect "what it found" "$(findings)" "broken settings, look all else"
echo sfsim-refresh | "$bin/lockstep" connect --flow refresh-token > /dev/null
lockstep doctor; expect_status "the doctor when all is well" 0
grep -q 'ok .*sign-in .*org 00D' out || fail "the doctor does not say who is signed in: $(cat out)"
grep -q 'ok .*default Contact' out || fail "the doctor does not look at the mapping: $(cat out)"
lockstep doctor --json
expect "the doctor's grades" "$(jq -r '[.findings[].grade] | unique | join(" ")' out)" ok

# Settings.
lockstep integration set syncFrequency=30 syncOpportunities=false conflictResolution=manual
expect_status "integration set" 0
lockstep integration show --json
expect "what was set" "$(jq -r '[.syncFrequency, .syncOpportunities, .conflictResolution] | join(" ")' out)" "30 false manual"
lockstep integration set syncFrequency=never; expect_status "a bad value" 2
grep -q 'whole number from 1' error || fail "the message does not say what is allowed"
lockstep integration set nonsense=1; expect_status "an unknown setting" 2
lockstep integration set "contactFilter=Titel != null"; expect_status "a filter on no field" 2
grep -q 'Titel.*Title' error || fail "the message does not name the field: $(cat error)"
lockstep integration set "contactFilter=Title != null; drop"; expect_status "a filter that is none" 2
expect "no filter was kept" "$(sql "select filters from lockstep_integrations")" "{}"
lockstep integration set "contactFilter=Title != null"; expect_status "a good filter" 0
lockstep integration set contactFilter=; expect_status "no filter" 0

lockstep integration pause; expect_status pause 0
lockstep integration list; grep -q paused out || fail "list does not say that it is paused"
lockstep doctor; expect_status "the doctor beside a paused integration" 1
chmod 644 lockstep.key; lockstep doctor; expect_status "the doctor without keys" 2; chmod 600 lockstep.key
grep -q 'look .*default sign-in .*sealed with the keys' out || fail "what could not be looked at: $(cat out)"
lockstep sync; expect_status "a sync of what is paused" 2
lockstep integration resume; expect_status resume 0
lockstep sync; expect_status "a sync" 0

# Keys: a new one in front, rotate, the old one can go.
old=$(cat lockstep.key)
new=$(openssl rand -hex 32)
sealed() { sql "select access_token || ' ' || refresh_token from lockstep_integrations"; }
before=$(sealed)
ENCRYPTION_KEY=$new lockstep sync; expect_status "a sync with a key that sealed nothing" 2
ENCRYPTION_KEY=$new,$old lockstep keys rotate; expect_status "keys rotate" 0
grep -q '^2 secrets' out || fail "keys rotate does not say what it did: $(cat out)"
[ "$before" != "$(sealed)" ] || fail "nothing was sealed anew"
ENCRYPTION_KEY=$new,$old lockstep keys rotate; grep -q '^0 secrets' out || fail "rotating twice seals twice"
ENCRYPTION_KEY=$new lockstep sync; expect_status "a sync with the new key alone" 0
lockstep sync; expect_status "a sync with the old key alone" 2
export ENCRYPTION_KEY=$new

# A sealed token is bound to its integration and column.
sql "update lockstep_integrations set access_token = refresh_token"
lockstep sync; [ $status -ne 0 ] || fail "a token was taken from another place"
lockstep keys rotate; expect_status "rotating while all is sealed with the newest key" 0
"$bin/lockstep" integration disconnect > out
expect "the tokens are gone" "$(sealed)" " "
lockstep integration list; grep -q disconnected out || fail "list does not say that it is disconnected"
lockstep integration resume; expect_status "resuming what is disconnected" 3

# A dead grant: one look, a message, and silence after that.
curl -sf -X POST "$url/__sim/expire-tokens?refresh=true" > /dev/null
kill "$simulator"; wait "$simulator" || true
start_sfsim --seed-rows 20
echo sfsim-refresh | "$bin/lockstep" connect --flow refresh-token > /dev/null
curl -sf -X POST "$url/__sim/expire-tokens?refresh=true" > /dev/null
lockstep sync; expect_status "a sync with a dead grant" 3
curl -sf -X DELETE "$url/__sim/stats" > /dev/null
for _ in 1 2 3 4 5; do lockstep sync; expect_status "another sync with a dead grant" 3; done
asked=$(curl -sf "$url/__sim/stats" | jq '.by_kind.oauth // 0')
expect "sign-ins tried after the refusal" "$asked" 0
lockstep doctor; expect_status "the doctor with a dead grant" 3
grep -q 'Connect Salesforce again' out || fail "the doctor does not say what to do: $(cat out)"
expect "its state" "$(sql "select sync_status from lockstep_integrations")" needs_reauth

# No core file, whatever happens.
LOCKSTEP_SERVER_LISTEN=127.0.0.1:0 "$bin/lockstep" serve 2> serve.log &
server=$!
for _ in $(seq 100); do grep -q listening serve.log && break; sleep 0.05; done
expect "the largest core file" "$(awk '/core file/ {print $5, $6}' "/proc/$server/limits")" "0 0"
kill "$server"; wait "$server" || true; server=
echo "kept in order"
