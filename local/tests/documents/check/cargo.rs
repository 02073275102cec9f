//! Lines that call cargo.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::sources::{assert_options_exist, files, has_function};
use crate::root;

/// Checks what follows `cargo`.
pub fn check(line: &str, words: &[&str]) {
    let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
    let (words, passed_on) = (&words[..end], words.get(end + 1..).unwrap_or_default());
    match words {
        ["lambda", "watch" | "invoke", ..] => {
            // `cargo lambda invoke` asks [::1] by itself, where `watch` does not listen.
            assert!(line.contains("--invoke-address 127.0.0.1"), "{line}: without an address");
        }
        ["test", words @ ..] => check_test(line, words),
        ["bench", words @ ..] => drop(target(line, words, "--bench", "benches")),
        ["run", words @ ..] => match target(line, words, "--example", "examples") {
            Some(example) => {
                assert_options_exist(line, passed_on, &[&example.to_string_lossy()]);
            }
            None => check_help(line, passed_on),
        },
        _ => {}
    }
}

/// The binary and, in it, a test whose name contains the filter.
fn check_test(line: &str, words: &[&str]) {
    let test = target(line, words, "--test", "tests").expect("tests are named");
    let Some(filter) = filter(words) else { return };
    let name = filter.trim_end_matches("::");
    let folder = root().join(test.parent().expect("a folder"));
    let is_module =
        |file: &Path| file.file_stem().is_some_and(|stem| stem.to_string_lossy() == name);
    let is_there = files(&folder).iter().any(|file| is_module(file) || has_function(file, name));
    assert!(is_there, "{line}: no test has {filter} in its name");
}

/// The router's own options.
fn check_help(line: &str, options: &[&str]) {
    let help = Command::new(env!("CARGO_BIN_EXE_local")).arg("--help").output();
    let help = String::from_utf8(help.expect("help").stdout).expect("text");
    for option in options.iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(option), "{line}: --help does not know {option}");
    }
}

/// The source of what an option names, which must be in that folder of the package.
fn target(line: &str, words: &[&str], option: &str, folder: &str) -> Option<PathBuf> {
    let package = Path::new(value(words, "-p").unwrap_or("local"));
    assert!(root().join(package).join("Cargo.toml").exists(), "{line}: there is no such package");
    let name = value(words, option)?;
    let folder = package.join(folder);
    let files = [folder.join(format!("{name}.rs")), folder.join(name).join("main.rs")];
    let file = files.into_iter().find(|file| root().join(file).exists());
    Some(file.unwrap_or_else(|| panic!("{line}: there is no {option} {name}")))
}

/// The word after an option.
fn value<'a>(words: &[&'a str], option: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| *word == option)?;
    words.get(at + 1).copied()
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
