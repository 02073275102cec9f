//! What is checked of a block that cannot run: what it names must be there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::document::Block;
use crate::root;

/// What the crate proptest reads.
const PROPTEST_CASES: &str = "PROPTEST_CASES";

/// Holds each line of a block to name files, scripts, tests, options and variables that exist.
pub fn block(block: &Block) {
    for line in block.text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_variable = |word: &&&str| word.starts_with(|c: char| c.is_ascii_uppercase());
        let variables =
            words.iter().take_while(is_variable).filter_map(|word| word.split_once('='));
        for (variable, _) in variables.clone() {
            let is_read = variable == PROPTEST_CASES || is_in_sources(variable);
            assert!(is_read, "{line}: nothing reads {variable}");
        }
        for path in words.iter().filter(|word| is_path(word)) {
            assert!(root().join(path).exists(), "{line}: there is no {path}");
        }
        let command = &words[variables.count()..];
        match command {
            ["cargo", "lambda", what @ ("watch" | "invoke"), ..] => {
                let address = line.contains("--invoke-address 127.0.0.1");
                assert!(address, "{line}: cargo lambda {what} uses another address by itself");
            }
            ["cargo", what @ ("test" | "bench" | "run"), rest @ ..] => cargo(line, what, rest),
            [script, options @ ..] if script.ends_with(".sh") => {
                let mode =
                    fs::metadata(root().join(script)).expect("a script").permissions().mode();
                assert!(mode & 0o111 != 0, "{script} is not executable");
                known_options(line, options, &[script, "local/benches"]);
            }
            _ => {}
        }
    }
}

/// A path from the top of the repository.
fn is_path(word: &str) -> bool {
    ["local/", "functions/", "shared/"].iter().any(|folder| word.starts_with(folder))
}

/// Checks `cargo test`, `cargo bench` and `cargo run`.
fn cargo(line: &str, what: &str, words: &[&str]) {
    let (words, after) = match words.iter().position(|word| *word == "--") {
        Some(dashes) => (&words[..dashes], &words[dashes + 1..]),
        None => (words, &[][..]),
    };
    let value = |option: &str| {
        words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1)).copied()
    };
    let package = Path::new(value("-p").unwrap_or("local"));
    assert!(root().join(package).join("Cargo.toml").exists(), "{line}: there is no such package");
    let target = |option: &str, folder: &str| {
        let name = value(option)?;
        let folder = package.join(folder);
        let files = [folder.join(format!("{name}.rs")), folder.join(name).join("main.rs")];
        let file = files.into_iter().find(|file| root().join(file).exists());
        Some(file.unwrap_or_else(|| panic!("{line}: there is no {option} {name}")))
    };
    target("--bench", "benches");
    let test = target("--test", "tests");
    let example = target("--example", "examples");

    if let (Some(test), Some(filter)) = (test, filter(words)) {
        let folder = test.parent().expect("a folder").to_owned();
        let name = filter.trim_end_matches("::");
        let is_there = files(&root().join(folder)).iter().any(|file| {
            file.file_stem().is_some_and(|stem| stem.to_string_lossy() == name)
                || functions(file).any(|function| function.contains(name))
        });
        assert!(is_there, "{line}: no test has {filter} in its name");
    }
    match (what, example) {
        ("run", Some(example)) => known_options(line, after, &[&example.to_string_lossy()]),
        ("run", None) => {
            let help = Command::new(env!("CARGO_BIN_EXE_local")).arg("--help").output();
            let help = String::from_utf8(help.expect("help").stdout).expect("text");
            for option in after.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{line}: --help does not know {option}");
            }
        }
        _ => {}
    }
}

/// The part of a test's name that `cargo test` is given.
fn filter<'a>(words: &[&'a str]) -> Option<&'a str> {
    let takes_value = ["-p", "--test"];
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if takes_value.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}

/// The names of a file's functions.
fn functions(file: &Path) -> impl Iterator<Item = String> {
    let text = fs::read_to_string(file).expect("a source");
    let names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
    names.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Holds options to stand in one of these files or folders, as they are or as the fields of clap.
fn known_options(line: &str, words: &[&str], places: &[&str]) {
    for option in words.iter().filter_map(|word| word.strip_prefix("--")) {
        let known_as = [format!("--{option}"), format!(" {}:", option.replace('-', "_"))];
        let is_known = |text: &str| known_as.iter().any(|name| text.contains(name));
        let files = places.iter().flat_map(|place| files(&root().join(place)));
        let known =
            files.filter_map(|file| fs::read_to_string(file).ok()).any(|text| is_known(&text));
        assert!(known, "{line}: there is no option --{option}");
    }
}

/// Whether a variable's name stands in a source or a script.
fn is_in_sources(variable: &str) -> bool {
    let mut sources =
        ["local", "functions", "shared"].map(|folder| files(&root().join(folder))).concat();
    sources.retain(|file| file.extension().is_some_and(|ending| ending == "rs" || ending == "sh"));
    // As Rust and shell scripts read one.
    let reads = [format!("\"{variable}\""), format!("${{{variable}:-")];
    sources.iter().any(|file| {
        let text = fs::read_to_string(file).expect("a source");
        reads.iter().any(|read| text.contains(read))
    })
}

/// A file, or all the files of a folder and of those in it.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}
