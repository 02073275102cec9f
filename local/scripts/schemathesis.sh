#!/usr/bin/env bash
# Tests the router against its OpenAPI description, without and with tokens. SCHEMATHESIS_EXAMPLES (50)
# is the number of generated requests of each kind.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

cargo build --quiet --locked -p local --bin local
log=$(mktemp)
trap 'rm -f "$log"; kill "$router" 2>/dev/null || true' EXIT

hold() {
    # Emptied first: the line of the router before must not be taken for that of this one.
    : >"$log"
    QUEUE=true "${CARGO_TARGET_DIR:-target}/debug/local" --port 0 >"$log" &
    router=$!
    until url=$(grep -o 'http://[^ ,]*' "$log"); do
        kill -0 "$router"
        sleep 0.05
    done
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
hold --header "Authorization: Bearer $("${CARGO_TARGET_DIR:-target}/debug/local" token --role agent)"
