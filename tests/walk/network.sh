#!/usr/bin/env bash
# An org behind TLS: certificates are always verified, a certificate authority of one's own has to be named, HTTP/2
# is spoken where it is offered, and proxies come from the environment. Usage: network.sh FOLDER-OF-THE-PROGRAMS
tls=$(realpath "$(dirname "$0")/tls.py")
source "$(dirname "$0")/common.sh"
unset HTTPS_PROXY https_proxy NO_PROXY no_proxy ALL_PROXY all_proxy

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj "/CN=Test CA" > /dev/null 2>&1
certificate() {  # $1: file, $2: the name it is for
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" > /dev/null 2>&1
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$1.pem" \
    -extfile <(echo "subjectAltName=DNS:$2") > /dev/null 2>&1
}
certificate good localhost
certificate other elsewhere.example.com

start_sfsim --seed-rows 20
plain=$url
serve() {  # sets $far to the address of what runs in front of the simulator, or $proxy
  python3 "$tls" "$@" > port & server="$server $!"
  for _ in $(seq 100); do [ -s port ] && break; sleep 0.05; done
  far=https://localhost:$(cat port)
  rm port
}
lockstep() { status=0; timeout 60 "$bin/lockstep" "$@" > out 2> error || status=$?; }

serve serve "$plain" good.pem good.key calls.log
export LOCKSTEP_SALESFORCE_LOGIN_URL=$far
lockstep connect --flow client-credentials
expect "exit status of a certificate of nobody we trust" $status 5
grep -q 'certificate of localhost.*LOCKSTEP_SALESFORCE_CA_FILE' error || fail "the message does not help: $(cat error)"
LOCKSTEP_SALESFORCE_CA_FILE=nowhere.pem lockstep connect --flow client-credentials
expect "exit status of a file that is not there" $status 2
export LOCKSTEP_SALESFORCE_CA_FILE=$PWD/ca.pem
lockstep connect --flow client-credentials
expect "exit status with the authority named ($(cat error))" $status 0
lockstep sync
expect "exit status of a sync over TLS ($(cat error))" $status 0
expect "contacts" "$(sql 'select count(*) from contacts')" 20
! grep -v ' lockstep/[0-9.]* ' calls.log || fail "a call does not say who makes it"
grep '/services/data/v' calls.log | { ! grep -v 'client=lockstep/[0-9.]*$'; } || fail "a call names no client"

good=$far
serve serve "$plain" other.pem other.key calls.log
LOCKSTEP_SALESFORCE_LOGIN_URL=$far lockstep connect --flow client-credentials --workspace other
expect "exit status of a certificate for another host" $status 5

serve http2 good.pem good.key agreed.log
LOCKSTEP_SALESFORCE_LOGIN_URL=$far lockstep connect --flow client-credentials --workspace other
expect "exit status of a server that hangs up" $status 5
expect "what is spoken where HTTP/2 is offered" "$(sort -u agreed.log)" h2

touch proxied.log
default=$(sql 'select id from lockstep_integrations')
certificate away acme.org.invalid
serve serve "$plain" away.pem away.key calls.log
away=acme.org.invalid:${far##*:}  # a name that the proxy alone knows the way to
export LOCKSTEP_SALESFORCE_ALLOWED_DOMAINS=org.invalid
serve proxy proxied.log
export HTTPS_PROXY=http://127.0.0.1:${far##*:} http_proxy=http://127.0.0.1:${far##*:}
LOCKSTEP_SALESFORCE_LOGIN_URL=https://$away lockstep connect --flow client-credentials --workspace away
expect "exit status of connect through a proxy ($(cat error))" $status 0
away_id=$(sql "select id from lockstep_integrations where workspace_id = 'away'")
lockstep sync --direction pull --integration "$away_id"
expect "exit status of a sync through a proxy ($(cat error))" $status 0
grep -q "^$away\$" proxied.log || fail "the proxy was not asked"
before=$(wc -l < proxied.log)
lockstep sync --integration "$default"
expect "exit status of a sync with this machine, past the proxy ($(cat error))" $status 0
LOCKSTEP_SALESFORCE_LOGIN_URL=$plain lockstep connect --flow client-credentials --workspace plain
expect "exit status of connect without TLS, past the proxy ($(cat error))" $status 0
NO_PROXY=org.invalid LOCKSTEP_SALESFORCE_LOGIN_URL=https://$away lockstep connect --flow client-credentials --workspace away
expect "exit status past a proxy that is needed" $status 5
expect "what the proxy saw then" "$(wc -l < proxied.log)" "$before"
HTTPS_PROXY=http://nowhere.invalid:1 LOCKSTEP_SALESFORCE_LOGIN_URL=https://$away lockstep connect --flow client-credentials --workspace away
expect "exit status of a proxy that is not there" $status 5
serve refuse refused.log
HTTPS_PROXY=http://127.0.0.1:${far##*:} LOCKSTEP_SALESFORCE_LOGIN_URL=https://$away lockstep connect --flow client-credentials --workspace away
expect "exit status of a proxy that wants a password" $status 5
grep -q 'proxy wants a user name.*407.*HTTPS_PROXY' error || fail "the message does not help: $(cat error)"
unset HTTPS_PROXY http_proxy LOCKSTEP_SALESFORCE_ALLOWED_DOMAINS
LOCKSTEP_SALESFORCE_ALLOWED_DOMAINS=nonsense lockstep sync
expect "exit status of a domain that is none" $status 2
echo "the network is kept"
