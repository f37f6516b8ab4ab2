//! `docs/guarantees.md` names the tests that hold what it promises: all of them exist.

use std::collections::BTreeSet;
use std::path::Path;

/// The names of all test functions below a folder.
fn tests_below(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            // A test is a function of its own indentation, below its attribute.
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some((before, name)) = line.split_once("fn ").filter(|_| is_test) {
                    let name = name.split('(').next().unwrap_or_default();
                    if before.is_empty() || before == "async " {
                        names.insert(name.to_owned());
                    }
                    is_test = false;
                }
            }
        }
    }
}

#[test]
fn every_test_that_a_guarantee_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/guarantees.md")).expect("the page");
    let mut tests = BTreeSet::new();
    tests_below(&root.join("crates"), &mut tests);
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let last = cells.last().expect("a cell").trim();
        if last == "tests" {
            continue;
        }
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test holds: {row}");
        for name in names {
            assert!(tests.contains(name), "there is no test `{name}`: {row}");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}
