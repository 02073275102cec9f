#!/usr/bin/env bash
# Runs the tests that use a Redis on Valkey 9, and again on Redis 8; or those with this in their names:
#
#     local/scripts/test_other_servers.sh redis_faults
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh
export PARLEY_TOOLS

failed=0
for server in valkey-server redis-server-8; do
    printf '\n== %s\n' "$("$server" --version)"
    # Neither is built with TLS.
    PARLEY_REDIS_SERVER=$server cargo test --locked --no-fail-fast -p shared -p functions -p local \
        --lib --test store --test functions --test contract --test router --test load -- \
        --skip a_redis_with_ --skip serverless_cache --skip its_tasks_credentials "$@" || failed=1
done
exit "$failed"
