#!/bin/sh
# notices.sh TEST_LIVE SFSIM: the pack says "differs" and ends with 1 where the org behaves otherwise, and "not asked" is
# no success either. The simulator is made to behave otherwise by faults, and by leaving out the field that checks need.
set -u
rules=$(mktemp) said=$(mktemp)
trap 'rm -f "$rules" "$said"' EXIT
fail() { cat "$said"; echo "notices.sh: $1"; exit 1; }

cat >"$rules" <<'RULES'
{"rules": [{"effect": "latency", "latency_ms": 300, "path": "/composite/sobjects", "object": "-lock"},
           {"effect": "error", "status": 500, "method": "GET", "path": "/query/01gD0000002HU6KIAW", "code": "UNKNOWN_EXCEPTION"},
           {"effect": "error", "status": 400, "code": "invalid_client", "path": "/oauth2/introspect"},
           {"effect": "fail_rows", "path": "/composite/sobjects", "method": "PATCH", "object": "-same", "code": "OTHER"}]}
RULES
"$1" --sfsim "$2" --faults "$rules" >"$said" && fail "an org that behaves otherwise was confirmed"
for statement in "an unknown query locator" "an access token ends at its exp" "introspect tells" "one key twice in an upsert"; do
  grep -q "^differs  .*$statement" "$said" || fail "not noticed: $statement"
done
[ "$(grep -c '^differs' "$said")" -eq 4 ] || fail "other statements differ too"

"$1" --sfsim "$2" --no-upsert-field >"$said" && fail "statements that were not asked were taken for confirmed"
grep -q "^not asked .*external id matches without regard to case" "$said" || fail "it does not say what was not asked"
