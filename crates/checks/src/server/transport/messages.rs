//! transports#messages: judged over every message of the run.

use plumb_runner::{Notes, Observed, check, clip};

check! {
    /// **Observed:** the bytes of every message that the server sends are UTF-8. Tools, resources and headers with
    /// names beyond ASCII are asked for in the run, so that some of it comes back.
    ///
    /// **Why:** JSON text between systems is UTF-8; a client that reads anything else as such stops at the first
    /// broken sequence or shows wrong characters.
    ///
    /// **Fix:** write messages as UTF-8, whatever the locale or the platform's default encoding is.
    pub(crate) UTF8 = "transport.utf8-server";
    since: "2025-03-26";
    passive: utf8
}

fn utf8(seen: &Observed, notes: &mut Notes<'_>) {
    for frame in &seen.exchange.answer.frames {
        notes.expect(frame.payload.text().is_some(), "a message in UTF-8", || {
            format!("bytes that are no UTF-8: {:?}", clip(&frame.payload.lossy(), 120))
        });
    }
}

/// What a server of two eras sends unasked may belong to the handshake of the earlier one.
pub(crate) fn unasked_by_another_era(seen: &Observed, notes: &Notes<'_>) -> bool {
    notes.survey.dual_era && seen.request.is_none()
}
