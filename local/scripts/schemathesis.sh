#!/usr/bin/env bash
# Sends the router what its own description allows and forbids, and holds each answer to it: without
# tokens, and then with. SCHEMATHESIS_EXAMPLES (50) is how many requests of each kind are made up.
set -euo pipefail
cd "$(dirname "$0")/../.."
source local/scripts/install_tools.sh

cargo build --quiet --locked -p local --bin local
log=$(mktemp)
trap 'rm -f "$log"; kill "$router" 2>/dev/null || true' EXIT

hold() {
    # Emptied first: the line of the router before must not be taken for that of this one.
    : >"$log"
    target/debug/local --port 0 >"$log" &
    router=$!
    until url=$(grep -o 'http://[^ ,]*' "$log"); do sleep 0.05; done
    st --config-file local/scripts/schemathesis.toml run "$url/openapi.json" \
        --max-examples "${SCHEMATHESIS_EXAMPLES:-50}" "$@"
    kill "$router"
    wait "$router" || true
}

unset AUTH_SECRET REDIS_URL
echo "Without tokens"
hold
echo "With tokens"
AUTH_SECRET=$(head -c 32 /dev/urandom | base64)
export AUTH_SECRET
hold --header "Authorization: Bearer $(target/debug/local token --role agent)"
