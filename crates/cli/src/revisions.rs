//! By which revisions a server is judged.

use std::sync::Arc;

use plumb_model::{Edition, Role};
use plumb_runner::{By, Made, Selection};

use crate::args::{Revisions, RunArgs};
use crate::run::suite;

/// The revision to begin with, and how the run goes on: by those that were asked for; else by the newest that the target
/// turns out to speak, and by all others that it offers, unless that one alone was asked for.
pub(crate) fn begin(newest: Arc<Edition>, args: &RunArgs) -> (Arc<Edition>, By) {
    if let Some(Revisions::Named(asked)) = &args.revision
        && let Some(first) = asked.first().and_then(|revision| Edition::of(revision))
    {
        let by = match asked.len() {
            1 => By::Given,
            _ => Made { revisions: asked.clone(), ..Made::default() }.follows(),
        };
        return (Arc::new(first), by);
    }
    if args.issuer.authorization_server.is_some() || args.behind.is_some() {
        return (newest, By::Given);
    }
    if let Some(Revisions::Newest) = args.revision {
        return (newest, By::Spoken(Vec::new()));
    }
    let registry = plumb_checks::of_servers();
    let has_something = |edition: &Edition| {
        // What a revision knows nothing of is not judged by it.
        suite(edition, args).is_ok_and(|suite| {
            let only = &args.judging.only;
            let selection = Selection { edition, suite: &suite, only, role: Role::Server };
            !selection.is_empty(&registry)
        })
    };
    let earlier = Edition::revisions().into_iter().skip(1).filter_map(Edition::of);
    let mut earlier = earlier.filter(has_something);
    if has_something(&newest) {
        return (newest, By::Spoken(earlier.map(|edition| edition.revision).collect()));
    }
    // Where all that is asked for belongs to earlier revisions, the last of them is meant.
    earlier
        .next()
        .map_or((newest, By::Spoken(Vec::new())), |edition| (Arc::new(edition), By::Given))
}
