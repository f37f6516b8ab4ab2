//! The first contact: is anything there, and which era does it speak?

mod discovered;
mod elsewhere;

use std::time::Duration;

use plumb_model::{Edition, End, Sent, Verdict};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

use crate::channel::Channel;
use crate::errors::ContactError;
use crate::observe::clip;
use crate::{Observed, Probe, Survey, Trouble};

/// The check that the server answers `server/discover`, which a contact decides.
pub(crate) const DISCOVER: &str = "versioning.server-discover";

/// The first answers are awaited for so long.
const FIRST: Duration = Duration::from_secs(20);

/// Makes contact: whether the target speaks the revision, and an earlier one beside it. Of a process that has ended
/// instead, its last words tell why.
pub(super) async fn make(
    survey: &mut Survey,
    edition: &Edition,
    channel: &Channel,
    shaken: &Channel,
) -> Result<(), ContactError> {
    let mut made = reach(survey, edition, channel, shaken).await;
    if let Err(ContactError::TurnedAway { remedy, .. }) = &mut made
        && let Some(other) = elsewhere::over_sse(channel).await
    {
        *remedy = other;
    }
    let (Err(error), Some(keeper)) = (&made, channel.keeper()) else { return made };
    let said = keeper.last_words().await;
    match error {
        ContactError::Unreached(why) => {
            Err(ContactError::Unreached(match keeper.epitaph().await {
                Some(epitaph) => format!("its process ended: {epitaph}"),
                None => format!("{why}; its last words: {said}{}", elsewhere::over_http(&said)),
            }))
        }
        ContactError::NotMcp(what) => {
            let remedy = elsewhere::over_http(&format!("{what} {said}"));
            Err(ContactError::NotMcp(format!("{what}{remedy}")))
        }
        _ => made,
    }
}

async fn reach(
    survey: &mut Survey,
    edition: &Edition,
    channel: &Channel,
    shaken: &Channel,
) -> Result<(), ContactError> {
    if edition.has_handshake() {
        return shake_hands(survey, edition, channel).await;
    }
    // Over HTTP the first answer can hold all of its start-up; of a process the first line is awaited by itself.
    let first = |probe: Probe| {
        if survey.transport.shares_processes() { probe.patience(FIRST) } else { probe }
    };
    let probe = first(Probe::request(method::DISCOVER, json!({})));
    let opening = initialize(edition);
    let (discover, handshake) = if survey.transport.shares_processes() {
        // One after the other: some servers serve one connection at a time.
        let discover = channel.send("survey", &probe).await;
        (discover, shaken.send("survey", &opening).await)
    } else {
        tokio::join!(channel.send("survey", &probe), shaken.send("survey", &opening))
    };
    let (discover, handshake) =
        one_by_one((channel, &probe), (shaken, &opening), (discover, handshake)).await;
    let discover = discover.map_err(|e| ContactError::Unreached(e.to_string()))?;
    let mut handshake = handshake.ok();
    if discover.complete().is_none() {
        handshake = in_another_version(edition, shaken, handshake).await;
    }
    let negotiated = handshake.as_ref().and_then(negotiated);
    survey.era_undecided = handshake.as_ref().is_none_or(is_silent);
    survey.initialize = handshake;

    if let Some(result) = discover.complete() {
        read_discover(survey, result);
        survey.discover = Some(discover);
        return discovered::by(survey, edition, channel, negotiated).await;
    }
    if is_silent(&discover) && survey.era_undecided {
        return Err(unanswered(&discover, discover.describe()));
    }
    if discover.code() == Some(codes::UNSUPPORTED_VERSION) {
        let supported = discover.error().and_then(|e| e.pointer("/data/supported")).cloned();
        let supported = supported.unwrap_or_else(|| json!("nothing that it names"));
        let (revision, supported) = (edition.revision.clone(), supported.to_string());
        return Err(ContactError::OtherRevision { revision, supported });
    }
    // Without discovery a server may still speak the revision: that is one violation, not silence. Where lines came that
    // nobody could take for an answer, all requests end in waiting.
    let endless = discover.exchange.answer.end == End::TimedOut && speaks_json_rpc(&discover);
    if !endless && serves_a_list(channel, negotiated.is_some()).await {
        survey.dual_era = negotiated.is_some() || survey.era_undecided;
        served_without(survey, channel, discover).await;
        return Ok(());
    }
    if let Some(version) = negotiated {
        survey.legacy_only = Some(version);
        let welcome = survey.initialize.as_ref().and_then(|i| i.result());
        survey.server = welcome.and_then(|r| name(r.get("serverInfo")));
        survey.discover = Some(discover);
        return Ok(());
    }
    without_answer(survey, discover)
}

/// What came of the first two processes; where one of them did not start beside the other, it is asked in its place: some
/// servers run once at a time.
async fn one_by_one(
    (channel, probe): (&Channel, &Probe),
    (shaken, opening): (&Channel, &Probe),
    (discover, handshake): (Result<Observed, Trouble>, Result<Observed, Trouble>),
) -> (Result<Observed, Trouble>, Result<Observed, Trouble>) {
    let (Some(first), Some(second)) = (channel.keeper(), shaken.keeper()) else {
        return (discover, handshake);
    };
    if first.has_not_started().await {
        second.stop().await;
        let instead = channel.send("survey", probe).await;
        if answers(&instead) {
            first.runs_once();
        }
        return (instead, handshake);
    }
    if second.has_not_started().await && first.renew().await.is_ok() {
        let instead = channel.send("survey", &opening.clone().patience(FIRST)).await;
        if answers(&instead) {
            first.runs_once();
        }
        // A handshake may bind the whole process.
        let renewed = first.renew().await.is_ok();
        let again = if renewed { channel.send("survey", probe).await } else { discover };
        return (again, if renewed { instead } else { handshake });
    }
    (discover, handshake)
}

fn answers(seen: &Result<Observed, Trouble>) -> bool {
    seen.as_ref().is_ok_and(|seen| seen.response().is_some())
}

/// What is known of a target that serves lists, and gave no result of `server/discover`. One that leaves it unanswered does so
/// whenever a process is asked for the first time: nothing else can be looked at.
async fn served_without(survey: &mut Survey, channel: &Channel, discover: Observed) {
    let mut seen = discover;
    if is_silent(&seen) {
        let again = channel.send("survey", &Probe::request(method::DISCOVER, json!({}))).await;
        seen = again.unwrap_or(seen);
        if is_silent(&seen) {
            survey.unreadable = Some("nothing, twice, while lists were answered".to_owned());
        }
    }
    match seen.complete() {
        Some(result) => read_discover(survey, result),
        None => survey.capabilities = infer(channel).await,
    }
    survey.discover = Some(seen);
}

/// Contact by the handshake, with a target that is judged by a revision that has one.
async fn shake_hands(
    survey: &mut Survey,
    edition: &Edition,
    channel: &Channel,
) -> Result<(), ContactError> {
    let opened = channel.session().await.map_err(|e| ContactError::Unreached(e.to_string()))?;
    let Some(opened) = opened else {
        return Err(ContactError::Unreached("no session could be opened".into()));
    };
    let welcome = opened.welcome;
    let Some(version) = negotiated(&welcome) else {
        if let Some(error) = turned_away(&welcome) {
            return Err(error);
        }
        let what = welcome.describe();
        let silent = is_silent(&welcome);
        return Err(if silent { unanswered(&welcome, what) } else { ContactError::NotMcp(what) });
    };
    if version != edition.revision {
        let revision = edition.revision.clone();
        return Err(ContactError::OtherRevision { revision, supported: version });
    }
    let result = welcome.result().cloned().unwrap_or_default();
    survey.capabilities = result.get("capabilities").cloned().unwrap_or_else(|| json!({}));
    survey.versions = vec![version];
    survey.server = name(result.get("serverInfo"));
    survey.initialize = Some(welcome);
    Ok(())
}

/// What is left to say where nothing of the protocol was served.
fn without_answer(survey: &mut Survey, discover: Observed) -> Result<(), ContactError> {
    if let Some(error) = turned_away(&discover) {
        return Err(error);
    }
    let silent = discover.messages.is_empty() && discover.status().is_none();
    let what = super::unread::because(&discover).unwrap_or_else(|| discover.describe());
    if discover.error().is_some() {
        (survey.discover, survey.capabilities) = (Some(discover), json!({}));
        return Ok(());
    }
    if speaks_json_rpc(&discover) {
        survey.unreadable = Some(what);
        survey.discover = Some(discover);
        return Ok(());
    }
    Err(if silent { unanswered(&discover, what) } else { ContactError::NotMcp(what) })
}

/// Nothing came: if that is a matter of time, the user can give more.
fn unanswered(seen: &Observed, what: String) -> ContactError {
    let late = seen.exchange.answer.end == End::TimedOut;
    let remedy =
        if late { "; a greater `--timeout` waits longer, for a slow start, too" } else { "" };
    ContactError::Unreached(what + remedy)
}

/// What came of the handshake. Who refuses the version by an error, as the page shows one (2025-11-25,
/// basic/lifecycle#error-handling), is asked for those that the error names, or else for each that came before.
async fn in_another_version(
    edition: &Edition,
    shaken: &Channel,
    handshake: Option<Observed>,
) -> Option<Observed> {
    let refused = handshake.as_ref().and_then(Observed::error);
    let Some(error) = refused.filter(|e| e["code"] == codes::INVALID_PARAMS) else {
        return handshake;
    };
    let named = error.pointer("/data/supported").and_then(Value::as_array);
    let may_be = |version: &&String| named.is_none_or(|named| named.contains(&json!(version)));
    for version in edition.earlier.iter().skip(1).filter(may_be) {
        let seen = shaken.send("survey", &opening(version)).await.ok();
        if seen.as_ref().and_then(negotiated).is_some() {
            return seen;
        }
    }
    handshake
}

/// The opening of a client of the last revision that opens with a handshake.
pub fn initialize(edition: &Edition) -> Probe {
    opening(edition.last_with_handshake())
}

fn opening(version: &str) -> Probe {
    Probe::message(json!({
        "jsonrpc": "2.0",
        "id": "legacy-initialize",
        "method": method::OLD_INITIALIZE,
        "params": {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "plumb", "version": env!("CARGO_PKG_VERSION")}
        }
    }))
    .without_header("Mcp-Method")
    .without_header("MCP-Protocol-Version")
}

/// Whether a list is answered as this revision answers, without discovery. A server that took the handshake says so by
/// the type of its result.
async fn serves_a_list(channel: &Channel, negotiated: bool) -> bool {
    for method in [method::TOOLS_LIST, method::RESOURCES_LIST, method::PROMPTS_LIST] {
        let list = channel.send("survey", &Probe::request(method, json!({}))).await;
        let served = |o: &Observed| {
            o.result()
                .is_some_and(|r| r.get("resultType").is_some() || (!negotiated && r.is_object()))
        };
        if list.as_ref().is_ok_and(served) {
            return true;
        }
    }
    false
}

/// Whether what came would be a response, were it not broken: it has the members of one somewhere in its text.
fn speaks_json_rpc(seen: &Observed) -> bool {
    // In another encoding than UTF-8 there is a null between any two characters.
    let text = seen.body_text().replace('\0', "");
    let has = |member: &str| text.contains(&format!("\"{member}\""));
    let stream = seen.exchange.answer.stream.as_ref();
    // A body that is no stream is read as one line of a field that nobody knows.
    let as_field = stream.is_some_and(|s| s.unknown_fields.iter().any(|f| f.contains("jsonrpc")));
    as_field || (has("jsonrpc") && (has("result") || has("error")))
}

/// What is left to say of a target whose answers cannot be read, beside what is wrong with them.
pub(crate) fn unreadable(check: &str, came: &str) -> Verdict {
    if check == DISCOVER {
        return Verdict::violated("a response to `server/discover`", came);
    }
    Verdict::Unverified {
        why: "nothing more was looked at: `server/discover` has no answer that can be read".into(),
        how_to_enable: "mend what is violated first".into(),
    }
}

/// What to do where the target wants to know who asks, or is somewhere else.
pub(crate) fn turned_away(seen: &Observed) -> Option<ContactError> {
    let status = seen.status()?;
    let is_known = matches!(&seen.exchange.sent, Sent::Http { headers, .. }
        if headers.iter().any(|h| h.name.eq_ignore_ascii_case("authorization")));
    if is_known && seen.error().is_some() {
        return None;
    }
    let location = seen.exchange.answer.header("location").unwrap_or("nowhere that it names");
    let remedy = match status {
        401 if is_known => "the credential is not accepted: give another, or, with --auth, have the server trust the \
                          run's authorization server (docs/auth.md)"
            .to_owned(),
        401 => {
            "give a token with --bearer, or with --auth one of the run's own authorization server, \
                where the server trusts that"
                .to_owned()
        }
        301 | 302 | 303 | 307 | 308 => {
            format!("it is redirected to {}: judge that address", clip(location, 200))
        }
        403 if seen.error().is_none() => {
            "it forbids them: give a credential with --bearer or -H, or judge it by an address that it lets in"
                .to_owned()
        }
        421 => {
            "it answers under another name: judge it at that, such as http://localhost:{port}/mcp before the command \
             that starts it"
                .to_owned()
        }
        404 if seen.error().is_none() => {
            "nothing is at this path: is it that of the MCP endpoint?".to_owned()
        }
        405 if seen.error().is_none() => {
            "POST is not taken here: is it the path of the MCP endpoint?".to_owned()
        }
        _ => return None,
    };
    let what = format!("HTTP {status}{}", in_its_words(seen));
    Some(ContactError::TurnedAway { what, remedy })
}

/// What a plain text says of the reason, such as the one host name that is let in.
fn in_its_words(seen: &Observed) -> String {
    let text = seen.body_text();
    let plain = |line: &&str| !line.is_empty() && !line.starts_with(['<', '{']);
    let said = text.lines().next().map(str::trim).filter(plain);
    said.map(|said| format!(", \"{}\"", clip(said, 200))).unwrap_or_default()
}

/// Whether nothing came at all, or nothing but that the target turns everybody away.
fn is_silent(handshake: &Observed) -> bool {
    handshake.status().map_or(handshake.messages.is_empty(), crate::pace::turns_away)
}

fn negotiated(handshake: &Observed) -> Option<String> {
    Some(handshake.result()?.get("protocolVersion")?.as_str()?.to_owned())
}

fn read_discover(survey: &mut Survey, result: &Value) {
    survey.capabilities = result.get("capabilities").cloned().unwrap_or_else(|| json!({}));
    let versions = result.get("supportedVersions").and_then(Value::as_array);
    survey.versions =
        versions.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    survey.server = name(result.get("_meta").and_then(|m| m.get(plumb_wire::meta::SERVER_INFO)));
}

fn name(info: Option<&Value>) -> Option<String> {
    let info = info?;
    let part = |key: &str| info.get(key).and_then(Value::as_str);
    Some(format!("{} {}", part("name")?, part("version").unwrap_or("without version")))
}

/// The capabilities of a server without discovery, from what it serves.
async fn infer(channel: &Channel) -> Value {
    let mut capabilities = json!({});
    for feature in ["tools", "resources", "prompts"] {
        let list =
            channel.send("survey", &Probe::request(&format!("{feature}/list"), json!({}))).await;
        if list.is_ok_and(|o| o.is_accepted()) {
            capabilities[feature] = json!({});
        }
    }
    capabilities
}
