//! `basic/transports`: how messages are written.

use plumb_runner::client::Received;
use plumb_runner::{Check, Marks, check};

pub(crate) const CHECKS: &[&Check] = &[&UTF8];

check! {
    /// **Observed:** messages that hold more than ASCII are UTF-8; such a name is listed to the client.
    ///
    /// **Why:** a server refuses the bytes, or takes them for another text.
    ///
    /// **Fix:** encode the serialised message as UTF-8, whatever the locale is. JSON escapes (`\u00fc`) are right as well.
    pub(crate) UTF8 = "transport.utf8-client";
    received: utf8
}

fn utf8(received: &Received, marks: &mut Marks) {
    let Some(message) = received.message() else { return };
    match message.raw.text() {
        Some(text) if text.is_ascii() => {}
        Some(_) => marks.fits(),
        None => {
            let bytes = message.raw.bytes();
            let at = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
            marks.breaks("a message in UTF-8", format!("byte {at} of {} is not", bytes.len()));
        }
    }
}
