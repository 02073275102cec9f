#!/usr/bin/env bash
# How small and how quick the four functions are, beside a bare lambda_http function that is built
# the same way: what starting, answering and memory come to, and how large each is when zipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
source local/scripts/install_tools.sh

built=$(mktemp -d)
zipped=$(mktemp -d)
trap 'rm -rf "$built" "$zipped"' EXIT

cargo lambda build --release --locked --lambda-dir "$built" -p functions
cargo lambda build --release --locked --lambda-dir "$built" -p functions --example hello
cargo bench --locked -p functions --bench lambda -- "$built"

cargo lambda build --release --locked --arm64 --output-format zip --lambda-dir "$zipped" -p functions
echo "zipped, for arm64:"
(cd "$zipped" && du -b -- */bootstrap.zip)
