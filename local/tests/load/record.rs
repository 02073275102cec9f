//! What was acknowledged, beside what is there.

use std::collections::HashSet;

/// What the writers of a conversation were acknowledged. Each content is sent once.
#[derive(Default)]
pub struct Record {
    /// Must be there.
    pub kept: HashSet<String>,
    /// Must not be there.
    pub deleted: HashSet<String>,
    /// May be there: the store was unavailable, and the message had no key to repeat it under.
    pub unknown: HashSet<String>,
}

/// What is there beside a record, and should not differ from it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Kept, and not there.
    pub lost: Vec<String>,
    /// There more than once.
    pub doubled: Vec<String>,
    /// There, though deleted or never sent to this conversation.
    pub wrong: Vec<String>,
}

impl Record {
    /// Adds what another writer of the same conversation was acknowledged.
    pub fn extend(&mut self, other: Self) {
        self.kept.extend(other.kept);
        self.deleted.extend(other.deleted);
        self.unknown.extend(other.unknown);
    }

    /// Compares with the contents that a conversation has now.
    pub fn compare(&self, contents: &[String]) -> Faults {
        self.faults(contents, |content| self.unknown.contains(content))
    }

    /// Compares with the contents that a stream has told of, which may have been deleted since.
    pub fn compare_stream(&self, contents: &[String]) -> Faults {
        self.faults(contents, |content| {
            self.unknown.contains(content) || self.deleted.contains(content)
        })
    }

    /// `may_be_there` decides about what is not kept.
    fn faults(&self, contents: &[String], may_be_there: impl Fn(&str) -> bool) -> Faults {
        let mut faults = Faults::default();
        let mut distinct = HashSet::new();
        for content in contents {
            if !distinct.insert(content) {
                faults.doubled.push(content.clone());
            } else if !self.kept.contains(content) && !may_be_there(content) {
                faults.wrong.push(content.clone());
            }
        }
        faults.lost = self.kept.iter().filter(|kept| !distinct.contains(kept)).cloned().collect();
        faults
    }
}

impl Faults {
    /// Adds those of another comparison.
    pub fn extend(&mut self, other: Self) {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.wrong.extend(other.wrong);
    }
}

#[test]
fn a_record_tells_what_is_lost_doubled_and_wrong() {
    let set = |contents: &[&str]| contents.iter().map(|text| (*text).to_owned()).collect();
    let list = |contents: &[&str]| contents.iter().map(|text| (*text).to_owned()).collect();
    let record = Record {
        kept: set(&["kept", "lost", "doubled"]),
        deleted: set(&["deleted"]),
        unknown: set(&["unknown"]),
    };
    let there: Vec<_> =
        list(&["kept", "doubled", "doubled", "deleted", "unknown", "another conversation's"]);

    let expected = |wrong| Faults { lost: list(&["lost"]), doubled: list(&["doubled"]), wrong };
    let wrong = list(&["deleted", "another conversation's"]);
    assert_eq!(record.compare(&there), expected(wrong));
    assert_eq!(record.compare_stream(&there), expected(list(&["another conversation's"])));
}
