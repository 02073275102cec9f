#!/usr/bin/env bash
# Everything that must hold before a change lands: format, lints, documentation, the client's types,
# dependencies, all tests, the instructions that a request takes, the deployment's template, the
# Dockerfile, and a conversation under `cargo lambda watch`.
set -euo pipefail
cd "$(dirname "$0")/.."
source shared/testing/scripts/install_tools.sh

step() { printf '\n== %s\n' "$*"; }

step Format
cargo fmt --all --check
step Lints
cargo clippy --workspace --all-targets --locked -- -D warnings
step Documentation
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
step "Types of parley.js"
local/scripts/check_types.sh
step Dependencies
cargo deny --locked check licenses bans sources
# The advisories come from GitHub, and from nowhere else.
if git ls-remote --quiet https://github.com/rustsec/advisory-db HEAD >/dev/null 2>&1; then
    cargo deny --locked check advisories
else
    echo "NOT CHECKED: advisories. https://github.com/rustsec/advisory-db cannot be reached from here." >&2
fi
step Tests
cargo test --workspace --locked
step Instructions
functions/scripts/count_instructions.sh
step OpenAPI
local/scripts/schemathesis.sh
step Template
sam validate --lint
sam validate --region us-east-1
cfn-lint template.yaml
step Dockerfile
hadolint local/Dockerfile
step cargo lambda watch
functions/scripts/test_cargo_lambda_watch.sh

step "All of it holds"
