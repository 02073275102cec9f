#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, documentation, all tests, the
# deployment's template, and a conversation under `cargo lambda watch`.
set -euo pipefail
cd "$(dirname "$0")/.."
source local/tools.sh

step() { printf '\n== %s\n' "$*"; }

step Format
cargo fmt --all --check
step Lints
cargo clippy --workspace --all-targets --locked -- -D warnings
step Documentation
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
step Tests
cargo test --workspace --locked
step Template
sam validate --lint
sam validate --region us-east-1
cfn-lint template.yaml
step cargo lambda watch
local/watch.sh

step "All of it holds"
