#!/usr/bin/env bash
# Runs the suites that use a Redis on Valkey 9, and again on Redis 8; or those that are named:
#
#     local/other_servers.sh redis_faults contract_on_redis
set -euo pipefail
cd "$(dirname "$0")/.."
source local/tools.sh
export PARLEY_TOOLS

suites=("$@")
if [ $# = 0 ]; then
    for file in $(grep -lE 'testing::(redis|cluster)' {shared,functions,local}/tests/*.rs); do
        suites+=("$(basename "$file" .rs)")
    done
fi
mapfile -t targets < <(printf -- '--test\n%s\n' "${suites[@]}")
# Some of the crate's own tests use a Redis as well.
[ $# = 0 ] && targets+=(--lib)

failed=0
for server in valkey-server redis-server-8; do
    printf '\n== %s\n' "$("$server" --version)"
    # Neither is built with TLS.
    PARLEY_REDIS_SERVER=$server cargo test --locked --no-fail-fast -p shared -p functions -p local \
        "${targets[@]}" -- --skip a_redis_with_ || failed=1
done
exit "$failed"
