//! The example of a migration: the server before has what its list says, and the one after speaks the newest revision.
//!
//! Two versions of one package need two interpreters: `PLUMB_MCP1_PYTHON` and `PLUMB_MCP2_PYTHON` name them. Without, there is
//! nothing to be shown here.

use std::path::Path;
use std::process::{Command, Stdio};

use plumb_model::Audit;
use plumb_model::audit::State;

/// What the server does before, and no more after.
const DONE: [&str; 5] =
    ["cache.facts", "core.discover", "core.request-meta", "core.result-type", "sdk.version"];

fn audit(python: &str, file: &str) -> Audit {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Path::new("../../docs/examples/migration").join(file);
    let server = server.canonicalize().expect("the example");
    let mut command = Command::new(env!("CARGO_BIN_EXE_plumb"));
    command.args(["migrate", "--format", "json", "--", python]).arg(server).arg("{port}");
    let output = command.current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Audit::parse(&String::from_utf8_lossy(&output.stdout)).expect("an audit")
}

fn found(audit: &Audit) -> Vec<&str> {
    let found = audit.items.iter().filter(|item| item.state == State::Found);
    found.map(|item| item.id.trim_start_matches("migrate.")).collect()
}

#[test]
fn what_the_list_names_is_found_before_and_not_after() {
    let pythons = ["PLUMB_MCP1_PYTHON", "PLUMB_MCP2_PYTHON"].map(std::env::var);
    let [Ok(old), Ok(new)] = pythons else { return };
    let list = include_str!("../../../../docs/examples/migration/list.md");
    let before = audit(&old, "before.py");
    for id in found(&before) {
        assert!(list.contains(&format!("`migrate.{id}`")), "{id} is not in the list");
    }
    let after = audit(&new, "after.py");
    for id in DONE {
        assert!(found(&before).contains(&id) && !found(&after).contains(&id), "{id}");
    }
}
