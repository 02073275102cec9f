//! What sources and scripts know: options, variables, functions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// Holds options to stand in one of these files or folders, as they are or as a field of clap's.
pub fn assert_options_exist(line: &str, words: &[&str], places: &[&str]) {
    let files: Vec<_> = places.iter().flat_map(|place| files(&root().join(place))).collect();
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let field = format!("{}:", option.trim_start_matches('-').replace('-', "_"));
        let is_known = files.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
            let is_field =
                |line: &str| line.trim_start().trim_start_matches("pub ").starts_with(&field);
            text.lines().any(is_field) || text.split([' ', ']', '"']).any(|word| word == *option)
        });
        assert!(is_known, "{line}: there is no option {option}");
    }
}

/// Whether a file has a function whose name contains this.
pub fn has_function(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).expect("a source");
    let mut names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
    names.any(|function| function.contains(name))
}

/// Whether a variable's name stands in a source or a script.
pub fn is_variable_read(variable: &str) -> bool {
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
pub fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}
