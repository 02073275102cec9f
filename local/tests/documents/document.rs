//! A document and its blocks.

use crate::root;

/// A Markdown file of the repository.
pub struct Document {
    pub text: String,
    pub blocks: Vec<Block>,
}

/// What stands between two lines of three backticks.
#[derive(Clone)]
pub struct Block {
    /// The document's path.
    pub document: &'static str,
    pub language: String,
    pub text: String,
}

impl Document {
    /// Reads the document at a path from the top of the repository.
    pub fn read(path: &'static str) -> Self {
        let text = std::fs::read_to_string(root().join(path)).expect("a document");
        let blocks = blocks(path, &text);
        Self { text, blocks }
    }
}

/// The blocks that have a language; the others are pictures of text.
fn blocks(document: &'static str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (number, part) in text.split("```").enumerate() {
        let Some((language, text)) = part.split_once('\n').filter(|_| number % 2 == 1) else {
            continue;
        };
        match language {
            "" => {}
            "sh" | "js" | "html" | "python" => blocks.push(Block {
                document,
                language: language.to_owned(),
                text: text.to_owned(),
            }),
            other => panic!("{document}: nothing runs blocks of {other:?}"),
        }
    }
    blocks
}

impl Block {
    /// The name under which the reader is told to save it: its first line holds it, as a comment.
    pub fn file_name(&self) -> &str {
        let endings = [".mjs", ".html", ".py"];
        let mut words = self.text.lines().next().unwrap_or_default().split([' ', '>', '<']);
        let name = words.find(|word| endings.iter().any(|ending| word.ends_with(ending)));
        name.unwrap_or_else(|| panic!("no file's name in the first line of {}", self.text))
    }
}
