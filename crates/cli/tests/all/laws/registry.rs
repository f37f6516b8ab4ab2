//! Invariants over the registry of checks.

use std::collections::BTreeSet;

use plumb_model::pack::Kind;
use plumb_model::{Role, Verdict};
use plumb_reference::{Features, MUTANTS, Options, Rules};
use plumb_runner::Body;

use super::judge;
use crate::judging;

#[test]
fn every_check_is_in_the_ledger_once_and_documented() {
    let mut seen = BTreeSet::new();
    let ledger = &judging::newest().ledger;
    for check in plumb_checks::all() {
        for id in check.rows() {
            let row = ledger.requirement(id);
            assert!(row.is_some(), "`{id}` is not in the ledger");
            assert!(seen.insert(id), "`{id}` is judged twice");
            assert!(
                ledger.exclusion(id, Role::Server).is_none(),
                "`{id}` has a check and is excluded"
            );
        }
        let docs = check.docs.join("\n");
        for part in ["**Observed", "**Why", "**Fix"] {
            assert!(docs.contains(part), "`{}` does not say {part}", check.id);
        }
    }
}

#[test]
fn every_fact_is_told_by_a_check_that_tells_itself() {
    let checks = plumb_checks::of_every_role();
    for check in &checks {
        let Some(fact) = check.fact else { continue };
        let telling = checks.iter().find(|c| c.id == fact);
        assert!(
            telling.is_some_and(|c| c.fact.is_none() && c.id != check.id),
            "`{}` tells the fact of `{fact}`, which is no check that tells its own",
            check.id
        );
    }
}

#[test]
fn every_judged_requirement_has_a_mutant() {
    let killed: BTreeSet<&str> = MUTANTS.iter().map(|m| m.kills).collect();
    let judged = plumb_checks::all();
    let without: Vec<&str> =
        judged.iter().flat_map(|c| c.rows()).filter(|id| !killed.contains(id)).collect();
    assert!(without.is_empty(), "checks without a mutant: {without:?}");
}

#[test]
fn every_vector_is_judged_and_every_case_check_has_vectors() {
    let checks = plumb_checks::of_every_role();
    let packs = plumb_checks::packs(&judging::newest()).expect("the packs are well made");
    let vectors = || packs.iter().flat_map(plumb_model::pack::Pack::vectors);
    for vector in vectors() {
        let flow = matches!(vector.kind, Kind::Interruption(_) | Kind::Grant(_));
        for id in &vector.judges {
            // A row may bind a client and somebody else.
            let answered = matches!(vector.kind, Kind::Answered(_));
            let ours =
                |c: &plumb_runner::Check| (c.role() == plumb_model::Role::Client) == answered;
            let check = checks.iter().find(|c| c.covers(id) && ours(c));
            let judging = |c: &&&plumb_runner::Check| {
                answered || matches!(c.body, Body::Scenario(_) | Body::Visit(_)) == flow
            };
            assert!(
                check.as_ref().is_some_and(judging),
                "`{}` names `{id}`, which does not judge such a vector",
                vector.slug
            );
        }
    }
    let judged: BTreeSet<&str> = vectors().flat_map(|v| &v.judges).map(String::as_str).collect();
    for check in checks.iter().filter(|c| matches!(c.body, Body::Cases(_))) {
        assert!(judged.contains(check.id), "`{}` judges cases, and no vector names it", check.id);
    }
}

#[test]
fn no_check_has_two_cases_of_one_address() {
    let packs = plumb_checks::packs(&judging::newest()).expect("the packs are well made");
    let mut seen = BTreeSet::new();
    for vector in packs.iter().flat_map(plumb_model::pack::Pack::vectors) {
        for id in &vector.judges {
            assert!(
                seen.insert((id, &vector.slug)),
                "`{id}` is judged by two vectors named `{}`",
                vector.slug
            );
        }
    }
}

#[test]
fn every_requirement_of_the_core_on_a_server_has_a_check_or_an_exclusion() {
    let checks = plumb_checks::all();
    let core = |page: &str| {
        !page.starts_with("ext:")
            && !page.starts_with("basic/authorization")
            && page != "seps/2663-tasks-extension"
    };
    let ledger = &judging::newest().ledger;
    let open: Vec<&str> = ledger
        .rows()
        .iter()
        .filter(|r| r.binds(Role::Server) && core(&r.page))
        .map(|r| r.id.as_str())
        .filter(|id| {
            checks.iter().all(|c| !c.covers(id)) && ledger.exclusion(id, Role::Server).is_none()
        })
        .collect();
    assert!(
        open.is_empty(),
        "{} requirements are neither judged nor excluded: {open:?}",
        open.len()
    );
}

/// Judged against a server that offers one tool and nothing else, no check holds that has nothing to show for it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_holds_without_an_exchange_to_show_for_it() {
    let features = Features {
        tools: true,
        resources: false,
        prompts: false,
        completions: false,
        logging: false,
        tasks: false,
    };
    let one = Options {
        features,
        only_tools: Some(vec!["test_simple_text".to_owned()]),
        ..Options::default()
    };
    let (http, stdio) = tokio::join!(
        judge::in_process(Rules::SPEC, one.clone(), &[]),
        judge::over_stdio(&one, &[])
    );
    let mut idle = Vec::new();
    for (transport, report) in [("http", http), ("stdio", stdio)] {
        for check in report.checks.iter().filter(|c| c.verdict == Verdict::Held) {
            let passive = plumb_checks::all()
                .iter()
                .any(|c| c.covers(&check.info.id) && matches!(c.body, Body::Passive(_)));
            // A passive check is held by exchanges of others, of which it noted one at least.
            if !passive && check.cases.iter().all(|c| c.exchanges.is_empty()) {
                idle.push(format!("{transport}: {}", check.info.id));
            }
        }
    }
    assert!(idle.is_empty(), "held with nothing to show: {idle:#?}");
}

/// The registry as a snapshot: a new or a retired check is a line of a diff.
#[test]
fn the_set_of_checks_is_as_committed() {
    let edition = judging::newest();
    let mut lines: Vec<String> = plumb_checks::all()
        .iter()
        .flat_map(|c| c.rows().filter_map(|id| c.info_of(id, &edition)))
        .map(|i| format!("{:<10} {}", i.level.keyword(), i.id))
        .collect();
    lines.sort();
    insta::assert_snapshot!("checks", lines.join("\n"));
}

/// Law 3, as far as it is cheap: the committed table has a row for each mutant, and each is noticed by its check. The
/// whole of it is `just matrix`.
#[test]
fn the_kill_matrix_has_every_mutant() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kill-matrix.md");
    let table = std::fs::read_to_string(path).expect("the table is committed");
    let rows: Vec<(&str, &str)> = table
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            Some((cells.next()?, cells.next()?))
        })
        .skip_while(|(mutant, _)| *mutant != "---")
        .skip(1)
        .collect();
    let checks = plumb_checks::all();
    let judged = MUTANTS.iter().filter(|m| checks.iter().any(|c| c.covers(m.kills)));
    let expected: Vec<(&str, &str)> = judged.map(|m| (m.name, m.kills)).collect();
    assert_eq!(rows, expected, "run `just matrix-update`");
}
