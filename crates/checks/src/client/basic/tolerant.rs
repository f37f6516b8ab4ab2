//! basic#error-codes, #meta, #result-types: what a client makes of answers that are right, though not what it expected.

use plumb_runner::client::{LEGACY_MISMATCH, Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check};
use plumb_wire::{codes, meta, method};
use serde_json::Value;

use crate::client::conduct::{EARLIER, calls, fails, vectors};

pub(super) const CHECKS: &[&Check] =
    &[&NO_MEANING, &NO_ASSUMPTIONS, &SERVER_INFO, &ABSENT_TYPE, &SHAPE, &CAPABILITIES, &MEMBERS];

check! {
    /// **Observed:** a client that sends a request again after -32022, which lists versions, does not do so after -32004 with
    /// the same data.
    ///
    /// **Why:** codes from -32000 to -32019 mean what each server likes; a client that reads a meaning into one acts on chance.
    ///
    /// **Fix:** treat every code of that range as an error without a meaning, -32002 alone excepted.
    pub(crate) NO_MEANING = "base.errcode.receiver-no-meaning";
    happening: no_meaning
}

fn no_meaning(moment: &Moment<'_>, marks: &mut Marks) {
    let error = |r: &Received| r.response().map(|m| m["error"]["code"].clone());
    // Whoever never sends again what is refused with a code of this revision reads no meaning into a former one either.
    let sends_again = |scenario: Scenario, code: i64| {
        moment
            .of(scenario)
            .windows(2)
            .any(|pair| error(&pair[0]).is_some_and(|of| of == code) && pair[1].request().is_some())
    };
    if sends_again(Scenario::VersionRefused, codes::UNSUPPORTED_VERSION) {
        vectors(moment, marks, "base.errcode.receiver-no-meaning");
    }
    let here = Scenario::Provoked(Provoked::LegacyMismatch);
    let Some(all) = moment.whole_of(here) else { return };
    let recovers = sends_again(Scenario::Provoked(Provoked::Changed), codes::HEADER_MISMATCH);
    let refused = all.iter().position(|r| error(r).is_some_and(|code| code == LEGACY_MISMATCH));
    let Some(at) = refused.filter(|_| recovers) else { return };
    let again = all[at + 1..].iter().any(calls);
    marks.expect(!again, format!("no second call after {LEGACY_MISMATCH}"), || {
        "the call was sent again".into()
    });
}

check! {
    /// **Observed:** a client that calls a tool after a list also does so where `_meta` of list and result has reserved keys that
    /// nobody has defined, with values of any type.
    ///
    /// **Why:** later revisions and extensions define more of them.
    ///
    /// **Fix:** look up what you know in `_meta`, and pass over the rest.
    pub(crate) NO_ASSUMPTIONS = "base.meta.no-assumptions";
    happening: |moment, marks| vectors(moment, marks, "base.meta.no-assumptions")
}

check! {
    /// **Observed:** a client asks a server with another name and version for the same as any other.
    ///
    /// **Why:** the name is for people; behaviour that hangs on it breaks with the next release of the server.
    ///
    /// **Fix:** go by capabilities and versions of the protocol.
    pub(crate) SERVER_INFO = "base.meta.client-ignores-server-info";
    happening: server_info
}

fn server_info(moment: &Moment<'_>, marks: &mut Marks) {
    let other = Scenario::Provoked(Provoked::OtherName);
    let Some(all) = moment.whole_of(other) else { return };
    if moment.failed(Scenario::ToolsCall).is_none() {
        return;
    }
    let asked = |all: &[Received]| {
        let mut methods: Vec<String> =
            all.iter().filter_map(|r| r.method().map(str::to_owned)).collect();
        methods.sort_unstable();
        methods
    };
    let (usual, here) = (asked(moment.of(Scenario::ToolsCall)), asked(all));
    if !usual.is_empty() {
        marks.expect(usual == here, format!("the same requests: {}", usual.join(", ")), || {
            here.join(", ")
        });
    }
}

check! {
    /// **Observed:** a client that falls back to an earlier revision takes results without `resultType`: it calls a tool after
    /// such a list.
    ///
    /// **Why:** no server of an earlier revision sends it.
    ///
    /// **Fix:** take an absent `resultType` for `complete` where an earlier revision was negotiated.
    pub(crate) ABSENT_TYPE = "base.result-type.absent-complete";
    happening: absent_type
}

fn absent_type(moment: &Moment<'_>, marks: &mut Marks) {
    let here =
        EARLIER.map(Scenario::Provoked).into_iter().find(|of| moment.whole_of(*of).is_some());
    let Some((here, all)) = here.and_then(|here| Some((here, moment.whole_of(here)?))) else {
        return;
    };
    let went_on = moment.of(Scenario::ToolsCall).iter().any(calls);
    let of = |r: &Received, name: &str| r.body().is_some_and(|body| body["method"] == name);
    let untyped = |r: &Received| {
        of(r, method::TOOLS_LIST)
            && r.result().is_some_and(|result| result.get("resultType").is_none())
    };
    let Some(at) = all.iter().position(untyped).filter(|_| went_on) else { return };
    let called = all[at..].iter().any(|r| of(r, method::TOOLS_CALL));
    let fits = called && !fails(moment, here);
    marks.expect(fits, "the result of an earlier server is used", || {
        if called { "the client ended with an error" } else { "no call came after its list" }.into()
    });
}

check! {
    /// **Observed:** `io.modelcontextprotocol/clientInfo`, where it is sent, has a `name` and a `version`, both strings.
    ///
    /// **Why:** typed servers refuse the whole request.
    ///
    /// **Fix:** send both, or leave the member out.
    pub(crate) SHAPE = "schema.implementation.shape";
    received: shape
}

fn shape(received: &Received, marks: &mut Marks) {
    let Some(info) = received.meta(meta::CLIENT_INFO) else { return };
    let fits = info["name"].is_string() && info["version"].is_string();
    marks.expect(fits, "an object with `name` and `version`", || info.to_string());
}

check! {
    /// **Observed:** each member of `io.modelcontextprotocol/clientCapabilities` that the schema defines is an object, and what
    /// it is made of are objects.
    ///
    /// **Why:** typed servers refuse the whole request.
    ///
    /// **Fix:** write `{}` for a capability without settings.
    pub(crate) CAPABILITIES = "schema.capabilities.shape";
    received: capabilities
}

fn capabilities(received: &Received, marks: &mut Marks) {
    let Some(all) = received.meta(meta::CLIENT_CAPABILITIES).and_then(Value::as_object) else {
        return;
    };
    for name in ["elicitation", "sampling", "roots", "extensions", "experimental"] {
        let Some(of) = all.get(name) else { continue };
        let inner =
            |parts: &[&str]| parts.iter().all(|part| of.get(part).is_none_or(Value::is_object));
        let fits = of.is_object()
            && match name {
                "elicitation" => inner(&["form", "url"]),
                "sampling" => inner(&["tools", "context"]),
                "extensions" => {
                    of.as_object().is_some_and(|all| all.values().all(Value::is_object))
                }
                _ => true,
            };
        marks.expect(fits, format!("`{name}` is an object"), || format!("`{name}` is {of}"));
    }
}

check! {
    /// **Observed:** a client goes on where results, tools, content and capabilities have members that nobody has defined; an error
    /// of an unknown code with such members is an error to who called.
    ///
    /// **Why:** later revisions and extensions add members, and servers have some of their own.
    ///
    /// **Fix:** read what you know, and allow the rest: `Result` has an index signature for it.
    pub(crate) MEMBERS = "schema.result.client-unknown-members";
    happening: |moment, marks| vectors(moment, marks, "schema.result.client-unknown-members")
}
