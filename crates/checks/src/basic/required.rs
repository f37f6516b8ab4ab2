//! basic#meta: what every request carries, and requests that leave it out. Each fault is sent to every method that the
//! server offers, between two requests that it accepts.

use plumb_runner::{check, facet};

check! {
    /// **Observed:** requests without `_meta`, without `params`, or with an empty `_meta` are answered with error -32602, on
    /// every method. Over HTTP the version header is then without its counterpart, so -32020 is accepted there.
    ///
    /// **Why:** without it nothing says which revision the client speaks and what it can do; a server that guesses answers
    /// some clients wrong.
    ///
    /// **Fix:** check `_meta` in one place before dispatch, not in each handler.
    pub(crate) MISSING_META = "base.meta.missing-meta";
    applies: [ModernOnly];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** requests whose `_meta` lacks only `io.modelcontextprotocol/protocolVersion` are answered with error
    /// -32602, on every method. Over HTTP the version header is then without its counterpart, so -32020 is accepted there.
    ///
    /// **Why:** the header is for gateways; the body is what a server acts upon, and the only place on other transports.
    ///
    /// **Fix:** require the field; do not fill it in from the header or from the newest version.
    pub(crate) MISSING_PROTOCOL_VERSION = "base.meta.missing-protocol-version";
    applies: [ModernOnly];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** requests whose `_meta` lacks only `io.modelcontextprotocol/clientCapabilities` are answered with error
    /// -32602, on every method.
    ///
    /// **Why:** "declares nothing" is the empty object. An absent field means that the client is broken, and should learn it.
    ///
    /// **Fix:** require the field; do not default it to an empty object.
    pub(crate) MISSING_CLIENT_CAPABILITIES = "base.meta.missing-client-capabilities";
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** over HTTP, requests without a required field of `_meta` get status 400.
    ///
    /// **Why:** gateways and clients tell by the status that retrying the same request is no use.
    ///
    /// **Fix:** map this refusal to 400 whatever the method, also where the answer is an event stream.
    pub(crate) MISSING_HTTP_400 = "base.meta.missing-http-400";
    applies: [Http, ModernOnly];
    cases: facet::status
}

check! {
    /// **Observed:** over standard streams too, requests without a required field of `_meta` are answered with error
    /// -32602, also after complete requests of the same process.
    ///
    /// **Why:** a process is no session: what an earlier request said about its client does not hold for the next one.
    ///
    /// **Fix:** keep nothing of a request when it is answered; validate each one alike.
    pub(crate) MISSING_STDIO = "base.meta.missing-stdio";
    applies: [Stdio, ModernOnly];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** required fields of `_meta` with another JSON type (a number as version, an array, null or a string as
    /// capabilities), and a `_meta` that is no object, are answered with error -32602.
    ///
    /// **Why:** code behind the check trusts the type, and fails later as an internal error.
    ///
    /// **Fix:** validate the types together with the presence.
    pub(crate) WRONG_TYPE = "base.meta.wrong-type";
    applies: [ModernOnly];
    cases: facet::refused_with_code
}

check! {
    /// **Observed:** requests without `io.modelcontextprotocol/clientInfo` are served, on every method.
    ///
    /// **Why:** the field is optional, and clients are configured to withhold it for privacy.
    ///
    /// **Fix:** treat it as absent in logs; require it nowhere.
    pub(crate) CLIENT_INFO_OPTIONAL = "base.meta.client-info-optional";
    cases: facet::outcome
}

check! {
    /// **Observed:** requests with further keys in `_meta`, reserved and foreign ones, whose values have odd types, are
    /// served, on every method.
    ///
    /// **Why:** extensions and later revisions add keys; a server that stumbles over them cuts off newer clients.
    ///
    /// **Fix:** read the keys that you know, and leave the others alone.
    pub(crate) NO_ASSUMPTIONS = "base.meta.no-assumptions";
    cases: facet::outcome
}
