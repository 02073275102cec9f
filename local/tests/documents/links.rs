//! Links from one document to another or to a picture, and paths in the prose.

use std::path::Path;

use crate::check::is_path;
use crate::document::Document;
use crate::root;

/// Holds each link of a document to lead to a file, or to the document itself, and to a heading where it
/// names one.
pub fn check(document: &'static str) {
    let text = Document::read(document).text;
    for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if target.starts_with("https://") {
            continue;
        }
        let (path, heading) = target.split_once('#').unwrap_or((target, ""));
        let folder = Path::new(document).parent().expect("a folder");
        let file = match path {
            "" => root().join(document),
            _ => root().join(folder).join(path),
        };
        assert!(file.exists(), "{document} links to {target}, which is not there");
        if !heading.is_empty() {
            let text = std::fs::read_to_string(&file).expect("a document");
            let is_there = text.lines().any(|line| anchor(line).as_deref() == Some(heading));
            assert!(is_there, "{document} links to {target}, and there is no such heading");
        }
    }
}

/// The name by which GitHub links to a heading.
fn anchor(line: &str) -> Option<String> {
    let heading =
        line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#'))?;
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    Some(heading.chars().filter(kept).collect::<String>().to_lowercase().replace(' ', "-"))
}

/// Holds each path that the prose names, from the top of the repository, to be there.
pub fn check_paths(document: &'static str) {
    let text = Document::read(document).text;
    let prose = text.split("```").step_by(2);
    let quoted = prose.flat_map(|prose| prose.split('`').skip(1).step_by(2));
    let words = quoted.filter_map(|quoted| quoted.split_whitespace().next());
    for path in words.filter(|word| is_path(word)) {
        assert!(root().join(path).exists(), "{document} names {path}, which is not there");
    }
}
