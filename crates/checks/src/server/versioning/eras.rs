//! basic/versioning#backward-compatibility-with-initialization-based-versions.

use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, check, initialize};
use plumb_wire::method;
use serde_json::{Value, json};

check! {
    /// **Observed:** the error to `initialize`, sent as an old client does and with the metadata of this revision, names a
    /// version that the server supports, in its message, its data or the body.
    ///
    /// **Why:** an old client can only show the error to its user, who learns from it what to update.
    ///
    /// **Fix:** write the supported versions into the message of every error to `initialize`.
    pub(crate) INITIALIZE_NAMES_VERSIONS = "versioning.initialize-names-versions";
    applies: [ModernOnly];
    scenario: initialize_names_versions
}

async fn initialize_names_versions(bench: &Bench) -> Judgement {
    let versions = &bench.survey().versions;
    let version = bench.edition().last_with_handshake();
    let dressed = Probe::request(
        method::OLD_INITIALIZE,
        json!({"protocolVersion": version, "capabilities": {}}),
    );
    for (slug, title, probe) in [
        (
            "bare",
            "initialize as an old client sends it",
            initialize(bench.edition()).id("plumb-initialize"),
        ),
        ("dressed", "initialize with the metadata of this revision", dressed),
    ] {
        let seen = bench.send(probe).await?;
        if !seen.is_refused() {
            continue;
        }
        let text = match seen.error() {
            Some(error) => format!("{} {}", error["message"], error["data"]),
            None => seen.body_text(),
        };
        let named = text.contains(&bench.edition().revision)
            || versions.iter().any(|v| text.contains(v.as_str()));
        let finding =
            Finding::expect(named, "an error that names a supported version", || seen.describe());
        bench.case(slug, title, Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** the first line that a fresh process gets is the `initialize` of an old client; it answers with an error,
    /// and serves requests of this revision afterwards.
    ///
    /// **Why:** an old client waits for the answer; silence or an exit looks like a crash.
    ///
    /// **Fix:** answer `initialize` as any unknown method. Position: the code is free.
    pub(crate) STDIO_ERROR = "versioning.legacy-client-stdio-error";
    applies: [Stdio, NoHandshake];
    isolation: OwnProcess;
    scenario: stdio_error
}

async fn stdio_error(bench: &Bench) -> Judgement {
    let instance = bench.instance().await?;
    let first = instance.send(initialize(bench.edition())).await;
    let after = instance.send(Probe::request(method::DISCOVER, json!({}))).await;
    instance.stop().await;
    let first = first?;
    if first.error().is_none() {
        return Ok(Finding::violated("a JSON-RPC error to `initialize`", first.describe()));
    }
    // Whether discovery exists at all is judged elsewhere: an error shows that the process still answers.
    let answered = after.as_ref().is_ok_and(|seen| seen.response().is_some());
    Ok(Finding::expect(answered, "an answer to the request after `initialize`", || {
        after.map_or_else(|trouble| trouble.to_string(), |seen| seen.describe())
    }))
}

check! {
    /// **Observed:** the `initialize` of an old client, which has none of this revision's headers, gets status 400.
    ///
    /// **Why:** by the 400 a client of both eras knows that it has to look at the body, and not to retry.
    ///
    /// **Fix:** validate the headers before dispatch. Position: the error code is free.
    pub(crate) HTTP_400 = "versioning.legacy-client-http-400";
    applies: [Http, ModernOnly];
    scenario: http_400
}

async fn http_400(bench: &Bench) -> Judgement {
    bench.control(Probe::request(method::DISCOVER, json!({}))).await?;
    let seen = bench.send(initialize(bench.edition())).await?;
    match seen.status() {
        Some(status) => {
            Ok(Finding::expect(status == 400, "HTTP 400 to a bare `initialize`", || {
                seen.describe()
            }))
        }
        None => Err(plumb_runner::Trouble::Setup(seen.describe())),
    }
}

/// Whether an answer is one of this revision.
fn is_modern(seen: &Observed) -> bool {
    seen.is_accepted()
        && seen.result().is_some_and(|r| r.get("resultType").is_some_and(Value::is_string))
}

check! {
    /// **Observed:** on the connection on which an old client has just initialised, a request of this revision without a
    /// session is served by this revision's rules.
    ///
    /// **Why:** gateways mix clients of both eras on one connection.
    ///
    /// **Fix:** choose the era by the request, not by the connection.
    pub(crate) META_STATELESS = "versioning.dual-era-meta-stateless";
    applies: [Http, DualEra];
    isolation: Last;
    scenario: meta_stateless
}

async fn meta_stateless(bench: &Bench) -> Judgement {
    bench.control(initialize(bench.edition()).on("eras")).await?;
    let seen = bench.send(Probe::request(method::DISCOVER, json!({})).on("eras")).await?;
    Ok(Finding::expect(is_modern(&seen), "a result of this revision, without a session", || {
        seen.describe()
    }))
}

check! {
    /// **Observed:** after an old client has initialised, requests of this revision on other connections are served by this
    /// revision's rules, and an unknown version there is refused with -32022 if it was before.
    ///
    /// **Why:** the choice of one client must not change the protocol of another.
    ///
    /// **Fix:** keep what `initialize` chose in its session.
    pub(crate) INITIALIZE_SCOPE = "versioning.dual-era-initialize-scope";
    applies: [Http, DualEra];
    isolation: Last;
    scenario: initialize_scope
}

async fn initialize_scope(bench: &Bench) -> Judgement {
    let discover = || Probe::request(method::DISCOVER, json!({})).fresh();
    let refuses = |seen: &Observed| seen.code() == Some(plumb_wire::codes::UNSUPPORTED_VERSION);
    // Who refuses unknown versions otherwise does so whoever has initialised.
    let before = bench.send(super::versions::of_version(discover(), "1900-01-01")).await?;
    bench.control(initialize(bench.edition()).on("eras")).await?;
    let seen = bench.send(discover()).await?;
    bench.case(
        "modern",
        "a request of this revision on another connection",
        Ok(Finding::expect(is_modern(&seen), "a result of this revision", || seen.describe())),
    );
    if refuses(&before) {
        let seen = bench.send(super::versions::of_version(discover(), "1900-01-01")).await?;
        bench.case(
            "unknown-version",
            "a request of an unknown version on another connection",
            Ok(Finding::expect(refuses(&seen), "error -32022", || seen.describe())),
        );
    }
    bench.conclude()
}
