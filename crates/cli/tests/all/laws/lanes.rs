//! Where vectors go over standard streams.

use std::collections::{BTreeMap, BTreeSet};

use plumb_runner::Body;

use super::judge;

/// A process takes the vectors that it is given in turn; there are two, and each gets about as many.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_take_the_vectors_over_standard_streams() {
    let checks = plumb_checks::all();
    let reading = checks.iter().filter(|check| matches!(check.body, Body::Cases(_)));
    let ids: Vec<&str> = reading.map(|check| check.id).collect();
    let report = judge::report(judge::options(judge::stdio_command(None), &ids)).await;
    let mut taken = BTreeMap::<&str, BTreeSet<&str>>::new();
    for case in report.checks.iter().flat_map(|check| &check.cases) {
        let by = case.exchanges.iter().filter_map(|seq| report.exchanges.get(seq));
        for exchange in by {
            taken.entry(&exchange.channel).or_default().insert(&exchange.by);
        }
    }
    let counts: BTreeMap<&str, usize> = taken.iter().map(|(name, by)| (*name, by.len())).collect();
    let all: usize = counts.values().sum();
    let shares = counts.values().filter(|count| **count * 3 > all).count();
    assert!(all > 200 && shares == 2, "{counts:?}");
}
