#!/usr/bin/env bash
# Every way to connect an org, what connect says about it, and what it must never let out.
# Usage: connect.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

openssl req -x509 -newkey rsa:2048 -nodes -keyout app.key -out app.crt -days 2 -subj /CN=lockstep > /dev/null 2>&1
start_sfsim --seed-rows 50 --auto-approve --rotate-refresh-tokens --jwt-certificate app.crt
user=$(curl -sf "$url/__sim/users" | jq -r '[.. | .username? // empty][0]')
field() { sql "select $1 from lockstep_integrations where workspace_id = '$2'"; }
lockstep() { status=0; "$bin/lockstep" "$@" > out 2> error || status=$?; cat out error >> said; }

# The browser, on a terminal: a listener on a loopback address takes the answer.
port=$(free_port)
"$bin/lockstep" connect --flow web --redirect-uri "http://localhost:$port/callback" > web.out 2> web.err &
connecting=$!; server=$connecting
for _ in $(seq 100); do grep -qs Waiting web.err && break; sleep 0.05; done
address=$(grep '^http' web.err)
[[ $address == *code_challenge_method=S256* ]] || fail "no PKCE in $address"
expect "an answer to nothing that was asked" "$(curl -s -o page -w '%{http_code}' "http://localhost:$port/callback")" 404
expect "the way through Salesforce" "$(curl -sL -o page -w '%{http_code}' "$address")" 200
grep -q 'close this page' page || fail "the browser is not told that it is done"
status=0; wait $connecting || status=$?
cat web.out web.err >> said
expect "exit status of connect in the browser" $status 0
grep -q "connected workspace default to org 00D.* as $user" web.out || fail "connect does not say who and where: $(cat web.out)"
for says in 'Edition' 'versions  31.0 to' 'DailyApiRequests' 'Contact .*read, create, edit, key field'; do
  grep -q "$says" web.out || fail "the report lacks '$says': $(cat web.out)"
done
expect "the flow that is kept" "$(field flow default)" web
"$bin/lockstep" sync > /dev/null
curl -sf -X POST "$url/__sim/expire-tokens" > /dev/null
"$bin/lockstep" sync > /dev/null || fail "a sync after the access token died"

# A foreign answer: the state is not the one that was sent.
rm web.err
"$bin/lockstep" connect --flow web --workspace forged --redirect-uri "http://localhost:$port/callback" > web.out 2> web.err &
connecting=$!; server=$connecting
for _ in $(seq 100); do grep -qs Waiting web.err && break; sleep 0.05; done
curl -s -o page "http://localhost:$port/callback?code=stolen&state=guessed"
status=0; wait $connecting || status=$?
cat web.out web.err >> said
expect "exit status of a forged answer" $status 3
expect "a forged answer stores nothing" "$(field id forged)" ""

# A consent that is refused, and a code that Salesforce does not take: the browser is told what the terminal is.
for comes in 'error=access_denied' 'code=expired'; do
  rm web.err
  "$bin/lockstep" connect --flow web --workspace refused --redirect-uri "http://localhost:$port/callback" > web.out 2> web.err &
  connecting=$!; server=$connecting
  for _ in $(seq 100); do grep -qs Waiting web.err && break; sleep 0.05; done
  state=$(sed -n 's/.*[?&]state=\([^&]*\).*/\1/p' web.err)
  curl -s -o page "http://localhost:$port/callback?$comes&state=$state"
  status=0; wait $connecting || status=$?
  cat web.out web.err >> said
  expect "exit status after $comes" $status 3
  grep -q 'Not connected' page || fail "the browser is told after $comes: $(cat page)"
  ! grep -q 'Thank you' page || fail "the browser is thanked after $comes"
done
expect "a refused sign-in stores nothing" "$(field id refused)" ""
python3 -c 'import socket, sys, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print(flush=True); time.sleep(60)' "$port" > taken &
server=$!
for _ in $(seq 100); do [ -s taken ] && break; sleep 0.05; done
lockstep connect --flow web --workspace far --redirect-uri "http://localhost:$port/callback"
kill $server; server=
expect "exit status of a callback address in use" $status 2
grep -q '\. If that is a running' error || fail "the sentences run into each other: $(cat error)"

lockstep connect --flow web --workspace far --redirect-uri https://crm.example.com/callback
expect "exit status of a callback on another machine" $status 2
grep -q 'lockstep serve' error || fail "the message does not say what to do instead"

# JWT bearer.
lockstep connect --flow jwt --workspace jwt --username "$user" --key-file app.key
expect "exit status of jwt" $status 0
expect "jwt signs in again by itself" "$("$bin/lockstep" sync --json --integration "$(field id jwt)" --direction pull | jq -r .status)" completed
openssl genrsa -out other.key 2048 2> /dev/null
lockstep connect --flow jwt --workspace jwt2 --username "$user" --key-file other.key
expect "exit status of a key that the app does not know" $status 3
lockstep connect --flow jwt --workspace jwt2 --username "$user" --key-file app.crt
expect "exit status of a certificate in place of the key" $status 2
lockstep connect --flow jwt --workspace jwt2 --username "$user"
expect "exit status without a key" $status 2

# Username and password: works, and says that it should not be used.
echo sfsim-password | "$bin/lockstep" connect --flow password --workspace password --username "$user" > out 2> error
cat out error >> said
grep -q legacy error || fail "the password flow is not called legacy"
status=0; echo wrong | "$bin/lockstep" connect --flow password --workspace pw2 --username "$user" > out 2> error || status=$?
cat out error >> said
expect "exit status of a wrong password" $status 3

# What is wrong is found before anybody is asked.
lockstep connect --flow refresh-token --workspace none < /dev/null
expect "exit status without a refresh token" $status 2
grep -q 'a refresh token on standard input' error || fail "the empty token is not named: $(cat error)"
lockstep connect --flow client-credentials --login-url 'https://acme.my.salesforce.com@evil.example'
expect "exit status of a user name in the login URL" $status 2
grep -q -- '--login-url.*no user name or password' error || fail "the message does not fit: $(cat error)"
for name in '' $'a\nb'; do
  lockstep connect --flow client-credentials --workspace "$name"
  expect "exit status of the workspace '$name'" $status 2
done
# One that answers where Salesforce signs in, and is something else where it says who we are.
curl -sf -X PUT "$url/__sim/faults" -d '{"rules":[{"effect":"error","status":404,"code":"x","message":"x","path":"/id/"}]}' > /dev/null
lockstep connect --flow client-credentials --workspace odd
expect "exit status of a login that is another's" $status 5
grep -q 'says who we are.*HTTP 404' error || fail "the message does not fit: $(cat error)"
curl -sf -X DELETE "$url/__sim/faults" > /dev/null
expect "it stores nothing" "$(field id odd)" ""

# Nothing secret lies readable in the store, and nothing was printed.
for secret in sfsim-password sfsim-secret "$(sed -n 5p app.key)"; do
  ! grep -aqF "$secret" lockstep.db* said || fail "a secret lies readable: $secret"
done

# What is missing is said, with its remedy.
kill "$simulator"; wait "$simulator" || true
start_sfsim --seed-rows 5 --no-upsert-field
rm -f lockstep.db*
lockstep connect --flow client-credentials
expect "exit status while something is missing" $status 1
grep -q 'missing .*Contact: there is no field Lockstep_Id__c.*--create-fields' out || fail "the key field is not missed: $(cat out)"
LOCKSTEP_SALESFORCE_API_VERSION=99.0 lockstep connect --flow client-credentials
grep -q 'missing .*no API version 99.0.*from 31.0' out || fail "the version is not missed: $(cat out error)"

# Fields of the mappings that the user may not see.
kill "$simulator"; wait "$simulator" || true
start_sfsim --seed-rows 5
rm -f lockstep.db*
curl -sf -X POST "$url/__sim/hidden" -d '{"field":"Contact.Phone","hidden":true}' > /dev/null
lockstep connect --flow client-credentials
expect "exit status while a field is hidden" $status 1
grep -q 'missing .*Contact.*Phone' out || fail "the hidden field is not missed: $(cat out)"
curl -sf -X POST "$url/__sim/hidden" -d '{"field":"Contact.Phone","hidden":false}' > /dev/null

# An org that refuses the API at first, however often: the day it does not, everything goes.
rm -f lockstep.db*
curl -sf -X PUT "$url/__sim/faults" -d '{"rules":[{"effect":"error","status":403,"code":"API_DISABLED_FOR_ORG","message":"off"}]}' > /dev/null
for _ in 1 2 3 4 5; do
  lockstep connect --flow client-credentials
  [ $status != 0 ] || fail "connected without an API"
  ! grep -q 'used up' out error || fail "a budget that nobody has used is used up: $(cat out error)"
done
curl -sf -X DELETE "$url/__sim/faults" > /dev/null
lockstep connect --flow client-credentials
expect "exit status once the API is there ($(cat out error))" $status 0
lockstep sync
expect "exit status of a sync then ($(cat error))" $status 0
echo "connected every way"
