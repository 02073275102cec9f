#!/usr/bin/env bash
# Measures the start, the response time, the memory and the zipped size of the four functions, beside a
# bare lambda_http function that is built the same way.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

built=$(mktemp -d)
zipped=$(mktemp -d)
trap 'rm -rf "$built" "$zipped"' EXIT

cargo lambda build --release --locked --lambda-dir "$built" -p functions
cargo lambda build --release --locked --lambda-dir "$built" -p functions --example hello
cargo bench --locked -p functions --bench lambda -- "$built"

cargo lambda build --release --locked --arm64 --output-format zip --lambda-dir "$zipped" -p functions
echo "zipped, for arm64:"
(cd "$zipped" && du -b -- */bootstrap.zip)
