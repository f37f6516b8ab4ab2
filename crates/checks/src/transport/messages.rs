//! transports#messages: judged over every message of the run.

use plumb_runner::{Notes, Observed, brief, check, clip};
use plumb_wire::jsonrpc::Kind;

check! {
    /// **Observed:** the bytes of every message that the server sends are UTF-8. Tools, resources and headers with
    /// names beyond ASCII are asked for in the run, so that some of it comes back.
    ///
    /// **Why:** JSON text between systems is UTF-8; a client that reads anything else as such stops at the first
    /// broken sequence or shows wrong characters.
    ///
    /// **Fix:** write messages as UTF-8, whatever the locale or the platform's default encoding is.
    pub(crate) UTF8 = "transport.utf8-server";
    passive: utf8
}

fn utf8(seen: &Observed, notes: &mut Notes<'_>) {
    for frame in &seen.exchange.answer.frames {
        notes.expect(frame.payload.text().is_some(), "a message in UTF-8", || {
            format!("bytes that are no UTF-8: {:?}", clip(&frame.payload.lossy(), 120))
        });
    }
}

check! {
    /// **Observed:** whatever the server sends is a response or a notification, on every stream and channel of the
    /// run, also while tools run that need input from the client.
    ///
    /// **Why:** no other direction exists in this revision: a client has nothing that would answer a request, so the
    /// server waits for ever.
    ///
    /// **Fix:** ask for input with an `InputRequiredResult` in place of a request to the client.
    pub(crate) DIRECTIONS = "transport.directions";
    passive: directions
}

fn directions(seen: &Observed, notes: &mut Notes<'_>) {
    if unasked_by_another_era(seen, notes) {
        return;
    }
    for message in &seen.messages {
        match &message.kind {
            Kind::Request => notes.breaks(
                "responses and notifications only",
                format!(
                    "a request: {}",
                    message.json.as_ref().map_or_else(|_| "unreadable".into(), brief)
                ),
            ),
            Kind::Notification | Kind::Result | Kind::Error => notes.fits(),
            Kind::Invalid(_) => {}
        }
    }
}

/// What a server of two eras sends unasked may belong to the handshake of the earlier one.
pub(crate) fn unasked_by_another_era(seen: &Observed, notes: &Notes<'_>) -> bool {
    notes.survey.dual_era && seen.request.is_none()
}
