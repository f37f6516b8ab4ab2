//! Which vectors are tried, where, and in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use plumb_model::pack::{Base, Kind, Outcome, Pack, Vector};
use plumb_wire::{Transport, method};
use serde_json::Value;

use super::given::Given;
use super::trial::Trial;
use super::vectors::{goes_over, of_scenarios, places};
use crate::check::{Body, Check};
use crate::facet::Facet;

/// So many vectors go over one lane, one after the other; lanes run beside each other.
const LANE: usize = 12;

/// The trials that the selected checks need and the target can serve.
pub(crate) fn trials(packs: &[Pack], checks: &[&'static Check], given: Given<'_>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (pack, vector) in packs.iter().flat_map(|p| p.vectors().map(move |v| (p, v))) {
        let named = || checks.iter().filter(|c| vector.judges.iter().any(|id| id == c.id));
        // A vector that names a passive check provokes what that check looks at; what else it names may be of the newest
        // revision alone.
        let shared = given.edition.has_handshake();
        let provokes = |c: &&'static Check| match c.body {
            Body::Cases(_) => true,
            Body::Passive(_) => !shared,
            _ => false,
        };
        let wanted = named().any(provokes) && !of_scenarios(vector);
        let facet = |c: &&'static Check| match c.body {
            Body::Cases(facet) => Some((c.id, facet)),
            _ => None,
        };
        let elsewhere =
            !goes_over(vector, given.survey.transport) || (shared && is_literal(vector));
        if !wanted || elsewhere || (given.survey.dual_era && opens_a_session(vector)) {
            continue;
        }
        let shared = Arc::new(vector.clone());
        let judges: Vec<(&'static str, Facet)> = named().filter_map(facet).collect();
        for base in &vector.bases {
            for (parameter, address) in places(given, *base, vector) {
                trials.push(Trial {
                    address,
                    pack: pack.pack.clone(),
                    base: *base,
                    parameter,
                    vector: Arc::clone(&shared),
                    judges: judges.clone(),
                    rank: 0,
                    by_itself: false,
                });
            }
        }
    }
    trials
}

/// Whether a vector is a correct request of the newest revision, byte for byte.
fn is_literal(vector: &Vector) -> bool {
    let bytes = matches!(&vector.kind, Kind::Edit(edit) if edit.bytes.is_some());
    bytes && vector.answer.outcome == Outcome::Accepted
}

/// Whether a vector sends the handshake of earlier revisions, which shows nothing where they are served as well: it would only
/// leave one more session there.
fn opens_a_session(vector: &Vector) -> bool {
    let chooses = |op: &Value| op["path"] == "/method" && op["value"] == method::OLD_INITIALIZE;
    matches!(&vector.kind, Kind::Edit(edit) if edit.body.iter().any(chooses))
}

/// The trials in lanes: those of one base request one after the other. Over standard streams a process takes all of its lane in
/// turn, since a broken line has no id to tell its answer by: there are at most so many.
pub(crate) fn lanes(trials: Vec<Trial>, transport: Transport, processes: usize) -> Vec<Vec<Trial>> {
    let mut by_base: BTreeMap<Base, Vec<Trial>> = BTreeMap::new();
    for trial in trials {
        by_base.entry(trial.base).or_default().push(trial);
    }
    if !transport.answers_apart() {
        return shared_out(by_base.into_values().collect(), processes);
    }
    let mut lanes: Vec<Vec<Trial>> = by_base
        .into_values()
        .flat_map(|lane| lane.chunks(LANE).map(<[Trial]>::to_vec).collect::<Vec<_>>())
        .collect();
    lanes.sort_by_key(|lane| lane.first().map(|trial| trial.rank));
    lanes
}

/// Groups in lanes that are about as long as each other; each stays whole.
fn shared_out<T>(mut groups: Vec<Vec<T>>, lanes: usize) -> Vec<Vec<T>> {
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut shared: Vec<Vec<T>> = (0..lanes.max(1)).map(|_| Vec::new()).collect();
    for group in groups {
        if let Some(shortest) = shared.iter_mut().min_by_key(|lane| lane.len()) {
            shortest.extend(group);
        }
    }
    shared.retain(|lane| !lane.is_empty());
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_whole_and_lanes_are_about_as_long_as_each_other() {
        let groups = vec![vec![1; 2], vec![2; 5], vec![3; 4], vec![4; 1]];
        assert_eq!(shared_out(groups.clone(), 2), [vec![2, 2, 2, 2, 2, 4], vec![3, 3, 3, 3, 1, 1]]);
        assert_eq!(shared_out(groups, 1).len(), 1);
        assert!(shared_out(Vec::<Vec<u8>>::new(), 2).is_empty());
    }
}
