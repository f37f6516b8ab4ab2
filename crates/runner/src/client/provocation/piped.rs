//! What only a server over standard streams does: it crashes.

use plumb_wire::jsonrpc::Kind;
use plumb_wire::script::{Play, Script, Step};
use plumb_wire::{Asked, method};

use super::{Provoked, Stage, steps};

/// After so many milliseconds a server crashes.
const CRASHES_AFTER: u64 = 20;

pub(super) fn answered(provoked: Provoked, asked: &Asked, stage: &Stage) -> Option<Play> {
    let message = asked.message();
    if message.kind != Kind::Request {
        return None;
    }
    let crashes = match message.method()? {
        method::TOOLS_CALL => provoked == Provoked::Crashing,
        method::LISTEN => provoked == Provoked::CrashingListened,
        _ => false,
    };
    if !crashes || stage.nth("crash") > 1 {
        return steps::played(asked);
    }
    // The process ends where the connection would be reset.
    let begun = match provoked {
        Provoked::CrashingListened => steps::acknowledged(asked)?,
        _ => Script::new(),
    };
    Some(begun.then(Step::Wait(CRASHES_AFTER)).then(Step::Reset).into())
}
