//! What sources and scripts know: options, variables, functions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// Holds options to stand in one of these files or folders, as they are or as the fields of clap.
pub fn assert_options_exist(line: &str, words: &[&str], places: &[&str]) {
    for option in words.iter().filter_map(|word| word.strip_prefix("--")) {
        let known_as = [format!("--{option}"), format!(" {}:", option.replace('-', "_"))];
        let is_known = |text: &str| known_as.iter().any(|name| has_word(text, name));
        let files = places.iter().flat_map(|place| files(&root().join(place)));
        let known =
            files.filter_map(|file| fs::read_to_string(file).ok()).any(|text| is_known(&text));
        assert!(known, "{line}: there is no option --{option}");
    }
}

/// Whether a file has a function whose name contains this.
pub fn has_function(file: &Path, name: &str) -> bool {
    let text = fs::read_to_string(file).expect("a source");
    let mut names = text.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
    names.any(|function| function.contains(name))
}

/// Whether a text contains a word that does not go on.
fn has_word(text: &str, word: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|next: char| next.is_alphanumeric() || next == '-');
    text.match_indices(word).any(|(at, _)| !goes_on(&text[at + word.len()..]))
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
