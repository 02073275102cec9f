//! The workflow and what GitHub reads beside it.

use serde_norway::Value;

use crate::check::{self, sources::files};
use crate::document::Block;
use crate::root;

const WORKFLOW: &str = ".github/workflows/ci.yml";

fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join(path)).expect("a file");
    serde_norway::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_workflow_runs_what_is_there() {
    let workflow = read(WORKFLOW);
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    let steps = jobs.values().flat_map(|job| job["steps"].as_sequence().expect("steps"));
    let runs: Vec<_> = steps.filter_map(|step| step["run"].as_str()).collect();
    assert!(runs.contains(&".ci/run"));
    for run in runs {
        let (document, language) = (WORKFLOW, "sh".to_owned());
        check::block(&Block { document, language, text: run.to_owned() });
    }
}

#[test]
fn the_updates_look_where_something_is() {
    let updates = read(".github/dependabot.yml");
    for update in updates["updates"].as_sequence().expect("updates") {
        let folder = update["directory"].as_str().expect("a folder").trim_start_matches('/');
        let file = match update["package-ecosystem"].as_str().expect("an ecosystem") {
            "cargo" => "Cargo.lock",
            "github-actions" => ".github/workflows",
            "docker" => "Dockerfile",
            "docker-compose" => "compose.yaml",
            other => panic!("nothing of {other} is here"),
        };
        assert!(!files(&root().join(folder).join(file)).is_empty());
    }
}
