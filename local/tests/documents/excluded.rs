//! The blocks that cannot run in a test.

use crate::document::Block;

/// A block that is checked and not run.
pub struct Excluded {
    pub document: &'static str,
    /// How the block begins.
    pub start: &'static str,
    /// Why it is not run.
    pub reason: &'static str,
}

const LONG: &str = "takes minutes";
const AWS: &str = "needs an AWS account";
const WATCH: &str = "compiles the functions again; test_cargo_lambda_watch.sh runs the same";

pub const EXCLUDED: [Excluded; 20] = [
    excluded("README.md", "cargo run\n", "runs until Ctrl-C; the test has started the router"),
    excluded("README.md", "local/test.sh\n", "runs this very test"),
    excluded("functions/README.md", "REDIS_URL=redis://127.0.0.1:6379 cargo lambda watch", WATCH),
    excluded("functions/README.md", "curl -X POST http://localhost:9000", WATCH),
    excluded("functions/README.md", "cargo lambda invoke", WATCH),
    excluded("functions/README.md", "sam build\n", AWS),
    excluded("functions/README.md", "secret=", AWS),
    excluded("functions/README.md", "function=", AWS),
    excluded("functions/README.md", "# 5 minutes: what SAM builds", LONG),
    excluded("local/README.md", "docker build", "needs Docker, and compiles the router in release"),
    excluded("local/README.md", "local/scripts/pictures.sh\n", "writes the pictures"),
    excluded("local/README.md", "export PATH=", "runs tests, this one among them"),
    excluded("local/README.md", "# 10 minutes: mixed load", LONG),
    excluded("local/README.md", "# 8 minutes and the compile: all rows", LONG),
    excluded("local/README.md", "cargo run --release\n", "compiles the router in release"),
    excluded("local/README.md", "cargo run --release --example load", "compiles in release"),
    excluded("local/README.md", "cargo bench", LONG),
    excluded("local/README.md", "docker compose", "needs Docker"),
    excluded(".github/CONTRIBUTING.md", "local/test.sh\n", "runs this very test"),
    excluded("functions/README.md", "aws ec2 authorize-security-group-ingress", AWS),
];

const fn excluded(document: &'static str, start: &'static str, reason: &'static str) -> Excluded {
    Excluded { document, start, reason }
}

impl Excluded {
    /// Whether this is the block.
    pub fn is(&self, block: &Block) -> bool {
        block.document == self.document && block.text.starts_with(self.start)
    }
}

/// Why a block is not run; `None` where it is.
pub fn reason(block: &Block) -> Option<&'static str> {
    EXCLUDED.iter().find(|excluded| excluded.is(block)).map(|excluded| excluded.reason)
}
