//! One bash for each document, in a folder that looks like a clone.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use testing::router::Router;

use crate::document::{Block, Document};
use crate::{excluded, root};

/// Goes before the blocks: a line that fails is noted.
const PROLOGUE: &str = r#"
set -o errtrace -o pipefail -o history -o histexpand
exec 3> "$PARLEY_FAILURES"
trap 'echo "$BASH_COMMAND" >&3' ERR
trap 'kill $(jobs -p) 2> /dev/null || true' EXIT
"#;

/// Stands before the real cargo: the router that the test was given needs no compiling.
const CARGO: &str = r#"#!/bin/sh
[ "$1" = run ] || { echo "only cargo run is expected in a test" >&2; exit 1; }
shift
[ "$1" != --quiet ] || shift
[ "$1" != -- ] || shift
exec "$PARLEY_ROUTER" "$@"
"#;

/// Stands before the real curl, which ends well where a request is refused. A stream ends by its time
/// limit (28), and a condition (`If-Match`) is there to be refused (22): neither is a failure.
const CURL: &str = r#"#!/bin/sh
PATH=${PATH#*:}
curl --no-progress-meter --fail-with-body "$@"
status=$?
case "$status $*" in "28 "*--max-time* | "22 "*If-Match*) exit ;; esac
exit $status
"#;

/// Seconds after which a document counts as stuck.
const TIME_LIMIT: &str = "240";

/// What became of a document's blocks.
pub struct Session {
    output: String,
    /// Held, so that the files that the blocks made stay.
    _clone: TempDir,
    _router: Router,
}

impl Session {
    /// Runs the blocks of a document, beside the router that it tells the reader to start.
    pub fn run(document: &'static str) -> Self {
        let router = Router::start(env!("CARGO_BIN_EXE_local"), None, &[]);
        let blocks = Document::read(document).blocks;
        let blocks = blocks.iter().filter(|block| excluded::reason(block).is_none());
        let script: String = blocks.map(lines).collect();
        let script = with_two_secrets(&with_free_ports(&script, &router));

        let (clone, beside) = (clone(), tempfile::tempdir().expect("a folder"));
        let file = |name: &str| beside.path().join(name);
        fs::write(file("script"), [PROLOGUE, &script].concat()).expect("a file");
        let output = File::create(file("output")).expect("a file");
        let path = std::env::var("PATH").expect("a PATH");
        // Not through a pipe, which what is left in the background would keep open.
        let status = Command::new("timeout")
            .args(["--kill-after=5", TIME_LIMIT, "bash"])
            .current_dir(&clone)
            .env("PATH", format!("{}:{path}", clone.path().join("bin").display()))
            .env("TMPDIR", clone.path())
            .env("PARLEY_ROUTER", env!("CARGO_BIN_EXE_local"))
            .env("PARLEY_FAILURES", file("failures"))
            .env_remove("REDIS_URL")
            .env_remove("AUTH_SECRET")
            .stdin(File::open(file("script")).expect("the script"))
            .stdout(output.try_clone().expect("a file"))
            .stderr(Stdio::from(output))
            .status();
        let status = status.expect("timeout, of coreutils");

        let output = fs::read_to_string(file("output")).expect("text");
        let failures = fs::read_to_string(file("failures")).expect("text");
        // Bash drops a line with an exclamation mark that it takes for its history's.
        let is_dropped = output.contains("event not found");
        assert!(
            status.success() && failures.is_empty() && !is_dropped,
            "{document}: {status}; these lines failed:\n{failures}\nAll that was printed:\n{output}"
        );
        Self { output, _clone: clone, _router: router }
    }

    /// Holds what was printed to contain these texts, in this order.
    pub fn prints(&self, texts: &[&str]) {
        let mut rest = self.output.as_str();
        for text in texts {
            let found = rest.split_once(text);
            rest = found.unwrap_or_else(|| panic!("no {text} in what follows:\n{rest}")).1;
        }
    }

    /// The first line that contains a text, from there on.
    pub fn line_with(&self, text: &str) -> &str {
        let line = self.lines_with(text).next();
        line.unwrap_or_else(|| panic!("no {text} in:\n{}", self.output))
    }

    /// The lines that contain a text, from there on.
    pub fn lines_with(&self, text: &str) -> impl Iterator<Item = &str> {
        self.output.lines().filter_map(move |line| line.find(text).map(|at| &line[at..]))
    }
}

/// What a reader pastes into bash, or saves in the folder where bash is.
fn lines(block: &Block) -> String {
    match block.language.as_str() {
        "sh" => block.text.clone(),
        _ => format!("cat > {} <<'END OF FILE'\n{}END OF FILE\n", block.file_name(), block.text),
    }
}

/// Replaces the ports that documents name: tests run at the same time.
fn with_free_ports(script: &str, router: &Router) -> String {
    let started = router.url.rsplit(':').next().expect("a port");
    let mut script = script.replace("localhost:3000", &format!("localhost:{started}"));
    for documented in ["3001", "3002", "9100", "6379", "6380"] {
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let free = free.local_addr().expect("an address").port().to_string();
        script = script.replace(documented, &free);
    }
    script
}

/// Puts a second secret and blanks into AUTH_SECRET: what signs tokens must take the first secret alone,
/// as Parley does.
fn with_two_secrets(script: &str) -> String {
    let secret = "$(head -c 32 /dev/urandom | base64)";
    let assignment = format!("AUTH_SECRET={secret}");
    script.replace(&assignment, &format!("AUTH_SECRET=\" {secret} , {secret} \""))
}

/// A folder with everything that the top of the repository holds, in which blocks may write.
fn clone() -> TempDir {
    let clone = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(root()).expect("a folder") {
        let entry = entry.expect("a file");
        symlink(entry.path(), clone.path().join(entry.file_name())).expect("a link");
    }
    let programs = clone.path().join("bin");
    write_program(&programs, "cargo", CARGO);
    write_program(&programs, "curl", CURL);
    clone
}

fn write_program(folder: &Path, name: &str, text: &str) {
    let program = folder.join(name);
    fs::create_dir_all(folder).expect("a folder");
    fs::write(&program, text).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
}
