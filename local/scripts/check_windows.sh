#!/usr/bin/env bash
# Compiles the router and its contract test for Windows, on Linux. Installs rustup's target
# x86_64-pc-windows-gnu and, on Debian and Ubuntu, the C compiler of MinGW-w64.
#
# `--wine` also runs the router's contract in memory, under Wine.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/require.sh

target=x86_64-pc-windows-gnu
rustup target add "$target"
require x86_64-w64-mingw32-gcc gcc-mingw-w64-x86-64
RUSTFLAGS="-D warnings" cargo check --locked --target "$target" -p local --all-targets
[ "${1:-}" = --wine ] || exit 0

require wine wine wine64
wine=$(command -v wine64 || echo /usr/lib/wine/wine64)
output=${CARGO_TARGET_DIR:-target}/$target/debug/deps
mkdir -p "$output"
# Wine 8 lacks this library, of which Rust's standard library takes random bytes.
x86_64-w64-mingw32-gcc -shared -x c - -o "$output/bcryptprimitives.dll" -ladvapi32 <<'C'
#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return RtlGenRandom(data, (ULONG)length);
}
C
prefix=$(mktemp -d)
trap 'WINEPREFIX=$prefix wineserver -k || true; rm -rf "$prefix"' EXIT
# The router is beside `deps`, and looks for libraries in WINEPATH.
export WINEPREFIX=$prefix WINEDEBUG=-all WINEPATH="Z:$(realpath "$output")"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine
RUSTFLAGS="-D warnings" cargo test --locked --target "$target" -p local --test contract -- in_memory::
