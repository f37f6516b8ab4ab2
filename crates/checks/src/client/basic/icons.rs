//! basic#icons: icons that a client does not fetch. Those that are listed are fetched from our server, if at all.

use plumb_runner::client::{ICONS, IconFlaw, Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check};
use plumb_wire::method;

use crate::client::conduct::goes_on;

pub(super) const CHECKS: &[&Check] =
    &[&HTTPS_OR_DATA, &SCHEMES, &SAME_ORIGIN, &REDIRECT, &CREDENTIALS, &UNTRUSTED];

const HERE: Scenario = Scenario::Provoked(Provoked::Icons);

check! {
    /// **Observed:** a client that lists tools with icons does not fetch one over HTTP without TLS.
    ///
    /// **Why:** whoever is on the way sees who looks at what, and can change it.
    ///
    /// **Fix:** take `https:` and `data:` alone.
    pub(crate) HTTPS_OR_DATA = "icons.client-https-or-data";
    happening: |moment, marks| unfetched(moment, marks, IconFlaw::Plain, "over HTTP without TLS")
}

check! {
    /// **Observed:** a client that lists tools with icons at `ws:`, `javascript:` and `file:` fetches none of them.
    ///
    /// **Why:** a list would have the client run scripts, read files, or speak protocols on somebody's behalf.
    ///
    /// **Fix:** reject all schemes but `https:` and `data:`.
    pub(crate) SCHEMES = "icons.client-reject-unsafe-schemes";
    happening: |moment, marks| unfetched(moment, marks, IconFlaw::Scheme, "of another scheme")
}

check! {
    /// **Observed:** a client that lists tools with an icon at another origin does not fetch it.
    ///
    /// **Why:** the other origin learns who uses the server.
    ///
    /// **Fix:** compare scheme, host and port with those of the server.
    pub(crate) SAME_ORIGIN = "icons.client-same-origin";
    judges: ["schema.icon.same-domain"];
    happening: |moment, marks| unfetched(moment, marks, IconFlaw::Origin, "at another origin")
}

check! {
    /// **Observed:** a client that lists tools with an icon behind a redirect to another origin does not fetch what is there.
    ///
    /// **Why:** the check of the origin would be worth nothing.
    ///
    /// **Fix:** turn redirects off where icons are fetched.
    pub(crate) REDIRECT = "icons.client-no-cross-origin-redirect";
    happening: |moment, marks| unfetched(moment, marks, IconFlaw::Redirect, "behind a redirect")
}

fn unfetched(moment: &Moment<'_>, marks: &mut Marks, flaw: IconFlaw, what: &str) {
    if moment.scenario != HERE {
        return;
    }
    let path = moment.now().path();
    if ICONS.iter().any(|(of, is)| *of == path && *is == flaw) {
        marks.breaks(format!("an icon {what} is not fetched"), format!("GET {path}"));
    } else if listed(moment.now()) {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client that lists tools with icons fetches none with cookies, an `Authorization` header or credentials of
    /// another kind.
    ///
    /// **Why:** icons are chosen by the server, and so is who would get the credentials.
    ///
    /// **Fix:** fetch icons with a client of their own that has none.
    pub(crate) CREDENTIALS = "icons.client-no-credentials";
    happening: credentials
}

fn credentials(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.scenario != HERE {
        return;
    }
    let now = moment.now();
    let own = ["Cookie", "Authorization", "Proxy-Authorization"];
    if now.path().starts_with("/icons/") {
        let brought = own.into_iter().find(|name| now.header(name).is_some());
        marks.expect(brought.is_none(), "no credentials with an icon", || {
            format!("`{}` with GET {}", brought.unwrap_or_default(), now.path())
        });
    } else if listed(now) {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client that calls a tool after a list also does so where the icons of the list are broken: no Base64, no
    /// scheme that is known.
    ///
    /// **Why:** what decorates a list cannot be allowed to spoil it.
    ///
    /// **Fix:** leave out an icon that cannot be read, not what it belongs to.
    pub(crate) UNTRUSTED = "icons.client-untrusted";
    happening: |moment, marks| goes_on(moment, marks, HERE, "a list with broken icons")
}

fn listed(received: &Received) -> bool {
    received.asks(method::TOOLS_LIST) && received.answered() == Some(200)
}
