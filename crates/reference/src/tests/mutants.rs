//! The mutants.

use super::*;

#[tokio::test]
async fn every_mutant_still_serves_something() {
    for mutant in MUTANTS.iter().filter(|mutant| !["binds_to_loopback"].contains(&mutant.name)) {
        let server = spawn_http(Reference::with_rules(mutant.rules())).await.unwrap();
        let reply =
            post(&server, &request(json!(1), "tools/call", json!({ "name": "test_multi_line" })))
                .await;
        assert!(reply.status < 500, "{}: {}", mutant.name, reply.body);
    }
}

#[test]
fn mutants_break_one_rule_each_and_kill_requirements_of_the_ledger() {
    let ledgers = [
        include_str!("../../../../suites/requirements/2026-07-28.tsv"),
        include_str!("../../../../suites/requirements/advice.tsv"),
    ];
    let rows = ledgers.iter().flat_map(|ledger| ledger.lines().skip(1));
    let ids: HashSet<&str> = rows.filter_map(|row| row.split('\t').next()).collect();
    let names: HashSet<&str> = MUTANTS.iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), MUTANTS.len(), "two mutants have one name");
    for mutant in MUTANTS {
        assert!(
            ids.contains(mutant.kills),
            "{} kills {}, which is not in the ledger",
            mutant.name,
            mutant.kills
        );
        assert_ne!(mutant.rules(), Rules::SPEC, "{} breaks nothing", mutant.name);
        assert!(mutant.doc.ends_with('.'), "{} has no sentence for its doc", mutant.name);
    }
}
