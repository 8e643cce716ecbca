#!/usr/bin/env bash
# What serve answers over HTTP besides the board: an org connected from a browser, the API budget, metrics; each for those
# who may. Usage: web.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
hash() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
export LOCKSTEP_SECURITY_TOKENS=admin:root:$(hash admin-token),operator:deploy:$(hash operator-token),viewer:screen:$(hash viewer-token)
port=$(free_port)
site=http://127.0.0.1:$port
export LOCKSTEP_SERVER_LISTEN=127.0.0.1:$port LOCKSTEP_SERVER_PUBLIC_URL=$site
export SALESFORCE_REDIRECT_URI=$site/api/integrations/salesforce/callback
start_sfsim --seed-rows 10 --auto-approve
"$bin/lockstep" serve 2> serve.log &
server=$!
for _ in $(seq 100); do grep -q listening serve.log && break; sleep 0.1; done
call() { curl -s -H "Authorization: Bearer $1" -o answer -D head -w '%{http_code}' "${@:2}"; }
location() { sed -n 's/^[Ll]ocation: \(.*\)\r$/\1/p' head; }

connect=$site/api/integrations/salesforce/connect
expect "connecting without sign-in" "$(call nobody "$connect")" 401
expect "an operator's connecting" "$(call operator-token "$connect")" 403
expect "another's login_url" "$(call admin-token "$connect?login_url=https://login.salesforce.com.example")" 400
expect "an administrator's connecting" "$(call admin-token -c jar "$connect?workspace=shop")" 303
consent=$(location)
for part in "$url/services/oauth2/authorize?" code_challenge_method=S256 code_challenge= state= client_id=sfsim-client; do
  [[ $consent == *"$part"* ]] || fail "the consent's address lacks $part: $consent"
done
grep -qi 'set-cookie:.*HttpOnly; SameSite=Lax' head || fail "the browser is not bound: $(cat head)"
expect "the consent" "$(curl -s -o answer -D head -w '%{http_code}' "$consent")" 302
back=$(location)
[[ $back == "$site"/api/integrations/salesforce/callback\?* ]] || fail "Salesforce sends the browser to $back"
expect "the answer in another browser" "$(curl -s -o answer -w '%{http_code}' "$back")" 400
expect "integrations so far" "$(sql 'select count(*) from lockstep_integrations')" 0
expect "the answer" "$(curl -s -b jar -o answer -w '%{http_code}' "$back")" 200
grep -q 'Workspace shop is connected' answer || fail "the page: $(cat answer)"
expect "the answer once more" "$(curl -s -b jar -o answer -w '%{http_code}' "$back")" 400
"$bin/lockstep" sync > /dev/null
expect "contacts of the connected org" "$(sql 'select count(*) from contacts where salesforce_id is not null')" 10

expect "a stranger's look at the budget" "$(call nobody "$site/api/v1/budget")" 401
expect "a viewer's look at the budget" "$(call viewer-token "$site/api/v1/budget")" 200
spent=$("$bin/lockstep" status --json | jq '.integrations[0].api_budget.spent')
[ "$spent" -gt 0 ] || fail "a sync spent nothing"
jq -e --argjson spent "$spent" '.. | objects | select(.spent == $spent)' answer > /dev/null || fail "the budget: $(cat answer)"
expect "changing the budget" "$(call admin-token -X POST -d '{}' "$site/api/v1/budget")" 405
expect "a stranger's metrics" "$(call nobody "$site/metrics")" 401
expect "metrics" "$(call viewer-token "$site/metrics")" 200
grep -q "^lockstep_api_budget_spent{.*} $spent\$" answer || fail "the metrics: $(cat answer)"
expect "the way home" "$(call viewer-token "$site/")" 303
expect "what is not there" "$(call viewer-token "$site/nothing")" 404

kill $server; status=0; wait $server || status=$?; server=
expect "exit status after SIGTERM" $status 0
echo "an org was connected from a browser, and the budget shown to those who may"
