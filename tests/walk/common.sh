# Sourced by the walks: $bin, $work (the working directory, gone at the end), fail, expect, sql, start_sfsim.
set -euo pipefail
bin=$1
work=$(mktemp -d)
simulator=
server=
finish() {
  kill $simulator $server 2>/dev/null || true
  rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; }  # Somebody may be writing a last file there.
}
trap finish EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
expect() { [ "$2" = "$3" ] || fail "$1: expected '$3', found '$2'"; }
sql() { sqlite3 -cmd '.timeout 5000' lockstep.db "$1"; }

# Starts the simulator with the given options; $url is where, and the settings mean it.
start_sfsim() {
  rm -f sim.log
  "$bin/sfsim" --port 0 "$@" > sim.log &
  simulator=$!
  for _ in $(seq 200); do grep -qs listening sim.log && break; sleep 0.05; done
  url=$(sed -n 's/^sfsim listening on //p' sim.log)
  [ -n "$url" ] || fail "sfsim does not listen: $(cat sim.log)"
  export SALESFORCE_CLIENT_ID=sfsim-client SALESFORCE_CLIENT_SECRET=sfsim-secret LOCKSTEP_SALESFORCE_LOGIN_URL=$url
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# How often the fault rule struck that struck least since the rules were set.
struck_least() { curl -sf "$url/__sim/stats" | jq '.faults | min'; }
# Signs in beside the daemon, for api().
sign_in() {
  token=$(curl -sf -d "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret" \
    "$url/services/oauth2/token" | jq -r .access_token)
  data=$url/services/data/v62.0
}
api() { curl -sf -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
