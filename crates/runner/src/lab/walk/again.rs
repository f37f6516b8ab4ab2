//! Whether what a vector showed is seen again: by itself first, as a reader of the report will try it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use plumb_model::event::Again;
use plumb_model::pack::Base;

use super::super::given::Given;
use super::super::prepare::prepare;
use super::super::trial::Trial;
use super::attempt::{Nameless, attempt};
use super::{between, nothing};
use crate::Finding;
use crate::channel::Channel;

/// How each of these judges sees its violation again, if it does. Left out is who came to no judgement.
///
/// A vector is sent on each way in turn until all have seen it: only where it breaks nothing by itself is it sent behind
/// its control.
pub(crate) async fn again(
    trial: &Trial,
    judges: &[&'static str],
    given: Given<'_>,
    ids: &AtomicU64,
    ways: &[(Again, &Channel)],
) -> BTreeMap<&'static str, Option<Again>> {
    let mut seen = BTreeMap::new();
    let mut open = judges.to_vec();
    for (way, channel) in ways {
        let Some((control, probe)) = prepare(given, trial, ids) else { return seen };
        let (by, before) = (format!("vector {}", trial.address), nothing(&trial.address));
        let by_itself = matches!(way, Again::Alone | Again::AfterOthers);
        let (before, probe) = if by_itself { (Some(before), probe.fresh()) } else { (None, probe) };
        let control = || {
            let mut control = control.clone();
            control.number(|| ids.fetch_add(1, Ordering::Relaxed));
            control
        };
        let tried =
            attempt(&by, before, control, &probe, channel, true, &mut Nameless::default()).await;
        let Ok((before, sent, (after, None))) = tried else { return seen };
        // What comes first has its control behind it only.
        let before = if by_itself { after.clone() } else { before };
        let tried = between(given, trial, before, sent, after);
        for (id, facet) in trial.judges.iter().filter(|(id, _)| judges.contains(id)) {
            match facet(&tried) {
                Ok(Finding::Held) => continue,
                Ok(Finding::Violated { .. }) if open.contains(id) => {
                    seen.insert(*id, Some(*way));
                }
                _ => {}
            }
            open.retain(|left| left != id);
        }
        if open.is_empty() {
            break;
        }
    }
    seen.extend(open.into_iter().map(|id| (id, None)));
    seen
}

/// Whether a vector can be sent to a process that has been asked nothing else: what it names is there from the start.
pub(crate) fn stands_alone(base: Base) -> bool {
    !matches!(
        base,
        Base::InputCall
            | Base::InputPrompt
            | Base::TasksGet
            | Base::TasksUpdate
            | Base::TasksCancel
    )
}

/// Whether a vector's control calls something, or answers it.
pub(crate) fn calls(base: Base) -> bool {
    matches!(
        base,
        Base::ToolsCall
            | Base::AnnotatedCall
            | Base::AnnotatedEach
            | Base::TaskCall
            | Base::InputCall
            | Base::InputPrompt
            | Base::TasksUpdate
            | Base::TasksCancel
    )
}
