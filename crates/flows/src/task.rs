//! A task: its life as a client lives it, the states that it showed, answers to what it asks.

pub mod answers;
pub mod history;
pub mod life;

use plumb_runner::{Bench, Finding, Judgement};

/// What replicas that need not share their tasks do not share is no violation.
pub fn shared_or_routed(bench: &Bench, judgement: Judgement) -> Judgement {
    match judgement {
        Ok(Finding::Violated { actual, .. }) if !bench.replicas_share() => Ok(Finding::unseen(
            format!("a router may be needed that goes by `Mcp-Name`; without one: {actual}"),
            "give the address of the router, or let the command name the folder that its processes share: {shared.dir}",
        )),
        judgement => judgement,
    }
}
