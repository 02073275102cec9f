//! What is checked of a block that cannot run: what it names must be there.

mod cargo;
pub mod sources;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::document::Block;
use crate::root;

/// What the crate proptest reads.
const PROPTEST_CASES: &str = "PROPTEST_CASES";

/// Holds each line of a block to name files, scripts, tests, options and variables that exist.
pub fn block(block: &Block) {
    for line in block.text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for path in words.iter().filter(|word| is_path(word)) {
            assert!(root().join(path).exists(), "{line}: there is no {path}");
        }
        let command = words.iter().position(|word| !is_assignment(word)).unwrap_or(words.len());
        let (assignments, command) = words.split_at(command);
        for (variable, _) in assignments.iter().filter_map(|word| word.split_once('=')) {
            let is_read = variable == PROPTEST_CASES || sources::is_variable_read(variable);
            assert!(is_read, "{line}: nothing reads {variable}");
        }
        match command {
            ["cargo", words @ ..] => cargo::check(line, words),
            [script, options @ ..] if script.ends_with(".sh") => {
                check_script(line, script, options)
            }
            _ => {}
        }
    }
}

/// Whether it is a path from the top of the repository.
pub fn is_path(word: &str) -> bool {
    ["local/", "functions/", "shared/"].iter().any(|folder| word.starts_with(folder))
}

/// Whether it sets a variable of the environment; those of the shell itself are written small.
fn is_assignment(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase()) && word.contains('=')
}

/// Scripts know their own options, and pass others on to the benches.
fn check_script(line: &str, script: &str, options: &[&str]) {
    let mode = fs::metadata(root().join(script)).expect("a script").permissions().mode();
    assert!(mode & 0o111 != 0, "{script} is not executable");
    sources::assert_options_exist(line, options, &[script, "local/benches"]);
}
