//! basic/versioning#protocol-version-negotiation, #backward-compatibility-with-initialization-based-versions.

use plumb_runner::client::{FAR_VERSION, Moment, Provoked, Received, Scenario};
use plumb_runner::{Check, Marks, check, clip};
use plumb_wire::meta::Key;
use plumb_wire::{codes, meta, method};
use serde_json::Value;

use super::conduct::{EARLIER, calls, fails, vectors};

/// So many characters of a message are shown.
const SHOWN: usize = 80;

pub(crate) const CHECKS: &[&Check] =
    &[&RETRY, &NO_FALLBACK, &NO_VERSION, &EXTENSION_IDS, &EXTENSIONS, &ERA, &CHOICE];

check! {
    /// **Observed:** after its version was refused with a list of those that the server speaks, the client sends the request
    /// again, and names one of the list, and if its end speaks of errors, it ends with none. Who had asked which versions are
    /// spoken may go on with another request: it knows.
    ///
    /// **Why:** the list is there to be chosen from.
    ///
    /// **Fix:** read `data.supported` of the error -32022, and send the request again with the best common version.
    pub(crate) RETRY = "versioning.client-retry";
    happening: retry
}

fn retry(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(supported) = refused(moment).filter(|_| moment.is_whole()) else { return };
    let method = moment.now().method().unwrap_or_default();
    let listed = |r: &&Received| {
        r.meta(meta::PROTOCOL_VERSION).is_some_and(|version| supported.contains(version))
    };
    let mut after = moment.after().iter().filter(listed).peekable();
    let others = after.peek().is_some();
    let again = others && (method == method::DISCOVER || after.any(|r| r.asks(method)));
    // What came of the first may also be told by how the client ends: elsewhere it ends well.
    let failed = fails(moment, moment.scenario);
    let expected =
        format!("`{}` again, of one of {}", clip(method, SHOWN), Value::Array(supported.clone()));
    marks.expect(again && !failed, expected, || {
        match (others, again) {
            (false, _) => "there is none",
            (true, false) => "other requests came, and it did not",
            (true, true) => "the client ended with an error, as it does not elsewhere",
        }
        .into()
    });
}

check! {
    /// **Observed:** a client whose request is refused with -32022 does not open a session of an earlier revision, whichever versions the
    /// error lists.
    ///
    /// **Why:** the error is one of this revision: who sends it speaks this revision, or a later one.
    ///
    /// **Fix:** look into the body of a 400 before you take the server for an earlier one.
    pub(crate) NO_FALLBACK = "versioning.modern-error-no-fallback";
    judges: ["http.compat.modern-error-retry", "http.compat.inspect-400"];
    happening: no_fallback
}

fn no_fallback(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(code) = refusing(moment) else { return };
    let opens = |r: &&Received| {
        let plumb_model::Sent::Http { body, .. } = &r.exchange.sent else { return false };
        let body: Value = serde_json::from_slice(body.bytes()).unwrap_or_default();
        body["method"] == method::OLD_INITIALIZE
    };
    let opening = moment.after().iter().find(opens);
    marks.expect(opening.is_none(), format!("no `initialize` after {code}"), || {
        format!("`{}`", clip(method::OLD_INITIALIZE, SHOWN))
    });
}

/// The code of the error of this revision that refuses this request, where the first requests are refused so.
fn refusing(moment: &Moment<'_>) -> Option<i64> {
    let provoked = [Provoked::Incapable, Provoked::NoCommonVersion].map(Scenario::Provoked);
    let here = [&[Scenario::VersionRefused], &provoked[..]].concat();
    let now = moment.now().request().filter(|_| here.contains(&moment.scenario));
    let code = now.and_then(|_| moment.now().response())?["error"]["code"].as_i64()?;
    codes::DEFINED.contains(&code).then_some(code)
}

/// The versions that the refusal of this request lists, if it was refused for its version and is of this revision.
fn refused(moment: &Moment<'_>) -> Option<Vec<Value>> {
    if moment.scenario != Scenario::VersionRefused || moment.now().request().is_none() {
        return None;
    }
    let response = moment.now().response()?;
    let error = response.get("error").filter(|e| e["code"] == codes::UNSUPPORTED_VERSION)?;
    error["data"]["supported"].as_array().cloned()
}

check! {
    /// **Observed:** a client whose every request is refused for its version, with a list of none that anybody speaks, gives up:
    /// it sends no more than a few requests, names no version that nobody has defined, and if its end speaks of errors, it ends
    /// with one.
    ///
    /// **Why:** nobody learns otherwise that the two do not fit.
    ///
    /// **Fix:** give an error that names both sides' versions to who asked.
    pub(crate) NO_VERSION = "versioning.client-surface-no-version";
    happening: no_version
}

fn no_version(moment: &Moment<'_>, marks: &mut Marks) {
    /// A client that asks for the versions first, and falls back, needs a few requests to find out.
    const FEW: usize = 10;
    vectors(moment, marks, "versioning.client-surface-no-version");
    let here = Scenario::Provoked(Provoked::NoCommonVersion);
    let Some(all) = moment.whole_of(here) else { return };
    let sent = all.iter().filter(|r| r.request().is_some()).count();
    let far = |r: &&Received| {
        let named = r.body().map(|body| &body["params"]["_meta"][meta::PROTOCOL_VERSION]);
        named.is_some_and(|version| version == FAR_VERSION)
    };
    let pretends = all.iter().filter(far).count();
    if sent > 0 && pretends > 0 {
        let actual = format!("{pretends} requests of {FAR_VERSION}, which the refusals list");
        marks
            .breaks("an error to who asked, and no version that the client does not speak", actual);
    } else if sent > FEW {
        marks.breaks("the client gives up", format!("{sent} requests were sent"));
    } else if sent > 0 && moment.tells_errors() {
        marks.expect(moment.failed(here) == Some(true), "an error to who asked", || {
            "the client ended well".into()
        });
    }
}

check! {
    /// **Observed:** the extensions that a client declares have names with a prefix, as keys of `_meta` have.
    ///
    /// **Why:** two extensions of the same name could not be told apart.
    ///
    /// **Fix:** name an extension by a domain of yours: `com.example/name`.
    pub(crate) EXTENSION_IDS = "versioning.ext-id-format-client";
    received: extension_ids
}

fn extension_ids(received: &Received, marks: &mut Marks) {
    let all = received.meta(meta::CLIENT_CAPABILITIES).and_then(|c| c.get("extensions"));
    for name in all.and_then(Value::as_object).into_iter().flat_map(|all| all.keys()) {
        let fits = Key::parse(name).is_ok_and(|key| !key.labels.is_empty());
        marks.expect(fits, "a name with a prefix", || format!("{:?}", clip(name, SHOWN)));
    }
}

check! {
    /// **Observed:** a client that declares an extension goes by the core protocol with a server that has none: it sends no
    /// request of the extension, and goes on.
    ///
    /// **Why:** the server knows no such method.
    ///
    /// **Fix:** use an extension only where both declare it.
    pub(crate) EXTENSIONS = "versioning.ext-fallback-client";
    happening: extensions
}

fn extensions(moment: &Moment<'_>, marks: &mut Marks) {
    // The servers of these scenarios have no extension.
    let now = moment.now();
    if !Scenario::PLAIN.contains(&moment.scenario) {
        return;
    }
    let declared = now.meta(meta::CLIENT_CAPABILITIES).and_then(|c| c.get("extensions"));
    let any = declared.and_then(Value::as_object).is_some_and(|all| !all.is_empty());
    let of_tasks = now.method().is_some_and(|method| method.starts_with("tasks/"));
    if of_tasks {
        marks.breaks(
            "no request of an extension that the server has not",
            now.method().unwrap_or_default(),
        );
    } else if any && calls(now) {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client that fell back to an earlier revision, and was welcomed, does not ask in this one again.
    ///
    /// **Why:** each request would cost two.
    ///
    /// **Fix:** keep what you learnt about the server for as long as you talk to it.
    pub(crate) ERA = "versioning.era-cache";
    happening: era
}

fn era(moment: &Moment<'_>, marks: &mut Marks) {
    let here = EARLIER.map(Scenario::Provoked).into_iter().find(|of| *of == moment.scenario);
    let Some(all) = here.and_then(|here| moment.whole_of(here)) else { return };
    let welcomed = |r: &Received| r.opens() && r.result().is_some();
    // Who tries the handshake first has asked for nothing in this revision yet.
    let Some(asked) = all.iter().position(|r| r.request().is_some()) else { return };
    let Some(at) = all[asked..].iter().position(welcomed).map(|at| asked + at) else { return };
    let again = all[at + 1..].iter().find(|r| r.request().is_some());
    marks.expect(again.is_none(), "requests of the earlier revision only", || {
        let method = again.and_then(Received::method).unwrap_or_default();
        format!("`{}` of this one", clip(method, SHOWN))
    });
}

check! {
    /// **Observed:** after `server/discover`, requests name a version of its `supportedVersions`.
    ///
    /// **Why:** any other is refused.
    ///
    /// **Fix:** choose from the list, and keep the choice.
    pub(crate) CHOICE = "discover.client-version-choice";
    happening: choice
}

fn choice(moment: &Moment<'_>, marks: &mut Marks) {
    vectors(moment, marks, "discover.client-version-choice");
    // Who asks once more which versions there are has to name one all the same.
    if moment.now().asks(method::DISCOVER) {
        return;
    }
    // One that names another revision is no message of this one.
    let body = moment.now().body().unwrap_or_default();
    let Some(named) = body["params"]["_meta"].get(meta::PROTOCOL_VERSION) else { return };
    let listed = |r: &Received| {
        let listed = r.asks(method::DISCOVER).then(|| r.result())??;
        listed["supportedVersions"].as_array().cloned()
    };
    // What a client does that found no version that anybody speaks is judged by another check.
    let spoken = |listed: &Vec<Value>| listed.iter().any(|version| version != FAR_VERSION);
    if let Some(listed) = moment.before().iter().rev().find_map(listed).filter(spoken) {
        marks.expect(listed.contains(named), format!("one of {}", Value::Array(listed)), || {
            named.to_string()
        });
    }
}
