//! `basic/patterns/progress`: tokens, order, and an end.

mod types;

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_runner::survey::speaks_of_time;
use plumb_runner::{
    Bench, Check, Finding, Judgement, Notes, Observed, Probe, Prop, Trouble, capable, check,
    sample, with_token,
};
use plumb_wire::{meta, notification};
use serde_json::{Value, json};

use crate::earlier;

pub(crate) const CHECKS: &[&Check] =
    &[&TOKEN_ECHO, &INCREASING, &ONLY_KNOWN_TOKENS, &ONLY_IN_PROGRESS];

const METHOD: &str = notification::PROGRESS;

/// At most so many tools that report progress are called by one check.
const TOOLS: usize = 4;

/// Where nothing but silence can prove that an operation is over.
const GRACE: Duration = Duration::from_millis(300);

check! {
    /// **Observed:** tools that report progress are called with tokens of every kind: `7`, `"8"`, zero, a negative
    /// number, an empty string, letters beyond ASCII. Every notification carries the token that came, value and type, and no
    /// call is refused because its token is a string, or because it is an integer: a client may choose either. Over
    /// standard streams a notification that carries the token of the call before comes late, which is another fault.
    ///
    /// **Why:** the token is the only thing that ties progress to its request.
    ///
    /// **Fix:** take a string and an integer, keep the token as the JSON value that came, and do not turn it into a string.
    pub(crate) TOKEN_ECHO = "progress.token-echo";
    needs: [ProgressTool];
    waits: true;
    scenario: token_echo
}

async fn token_echo(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let tokens = [
        ("integer", json!(7)),
        ("digits", json!("8")),
        ("zero", json!(0)),
        ("negative", json!(-3)),
        ("empty", json!("")),
        ("letters", json!("plümb ✓")),
    ];
    for (name, probe) in reporters(bench)? {
        let probes = tokens.iter().map(|(_, token)| with_token(probe.clone(), token.clone()));
        let shown = quiet.send_each(probes.collect()).await;
        if let Some(finding) = types::one_refused(&tokens, &shown) {
            let title = format!("{name:?} with tokens of either type");
            bench.case(&format!("{}-types", plain(&name)), title, Ok(finding));
        }
        for (n, ((slug, token), seen)) in tokens.iter().zip(shown).enumerate() {
            // The first one comes behind the last one of the tool before.
            let (_, last) = &tokens[(n + tokens.len() - 1) % tokens.len()];
            let late = quiet.is_own().then_some(last);
            let judgement = seen.map(|seen| only_with(token, late, &seen));
            let slug = format!("{}-{slug}", plain(&name));
            bench.case(&slug, format!("{name:?} with the token {token}"), judgement);
        }
    }
    quiet.leave().await;
    bench.conclude()
}

/// Whether progress carries this token, but for what may come late of a call with another one.
fn only_with(token: &Value, late: Option<&Value>, seen: &Observed) -> Finding {
    let carried = seen.notifications(METHOD).filter_map(|m| m.params());
    let is_late = |p: &&Value| late.is_some() && p.get("progressToken") == late;
    let mut carried = carried.filter(|p| !is_late(p)).peekable();
    if carried.peek().is_none() {
        return Finding::unseen("no progress was reported", "report progress each time");
    }
    carried.find(|p| p.get("progressToken") != Some(token)).map_or(Finding::Held, |wrong| {
        Finding::violated(format!("progress with the token {token}"), wrong.to_string())
    })
}

check! {
    /// **Observed:** in every answer of the run, the `progress` of each notification that carries the token of the request
    /// is greater than that of the one before. **Position:** strictly, as the page has it; the schema has a mere "should".
    ///
    /// **Why:** a client that shows a bar, or that waits as long as there is progress, cannot tell work from a loop.
    ///
    /// **Fix:** count up, and leave a notification out if nothing was done since the last one.
    pub(crate) INCREASING = "progress.increasing";
    since: "2025-03-26";
    passive: increasing
}

fn increasing(seen: &Observed, notes: &mut Notes<'_>) {
    let own = tokens(seen);
    let all: Vec<(&Value, f64)> = seen
        .notifications(METHOD)
        .filter_map(|m| {
            Some((m.params()?.get("progressToken")?, m.params()?.get("progress")?.as_f64()?))
        })
        .filter(|(token, _)| own.contains(token))
        .collect();
    for (n, (token, progress)) in all.iter().enumerate() {
        let Some((_, before)) = all[..n].iter().rev().find(|(t, _)| t == token) else { continue };
        notes.expect(progress > before, format!("more than {before}, the progress before"), || {
            progress.to_string()
        });
    }
}

/// The tokens that a request gave, or those of a batch. A stream may carry progress of other requests, one after the other with one
/// token: each begins anew, and that it stands there is another fault.
fn tokens(seen: &Observed) -> Vec<&Value> {
    let sent = match &seen.request {
        Some(Value::Array(batch)) => batch.as_slice(),
        one => one.as_slice(),
    };
    sent.iter().filter_map(|one| one["params"]["_meta"].get(meta::PROGRESS_TOKEN)).collect()
}

check! {
    /// **Observed:** tools that report progress are called without a token, and other requests with and without one:
    /// no notification carries a token that the request did not give. A tool that reports once and takes a number is called
    /// with a larger one as well.
    ///
    /// **Why:** a client has nowhere to show progress that it did not ask for.
    ///
    /// **Fix:** report progress only if the request has a `progressToken`; invent none.
    pub(crate) ONLY_KNOWN_TOKENS = "progress.only-known-tokens";
    since: "2025-03-26";
    needs: [ProgressTool];
    waits: true;
    scenario: only_known_tokens
}

async fn only_known_tokens(bench: &Bench) -> Judgement {
    use plumb_model::pack::Base;
    let quiet = Quiet::in_session(bench).await?;
    for (name, probe) in reporters(bench)? {
        // Before and after a call that gave a token, which must be forgotten.
        for (slug, token) in
            [("before", None), ("with", Some(json!("plumb-known"))), ("after", None)]
        {
            let (seen, token) = match token {
                Some(token) => served(bench, &quiet, &probe, token).await?,
                None => match quiet.send(probe.clone().with(None)).await? {
                    // A tool may need the token: what it refuses shows nothing, and is no fault of ours.
                    seen if seen.is_refused() => continue,
                    seen if seen.is_accepted() => (seen, None),
                    seen => return Err(Trouble::Control(seen.describe())),
                },
            };
            bench.case(
                &format!("{}-{slug}", plain(&name)),
                title(&name, token.as_ref()),
                Ok(known(&seen, token.as_ref())),
            );
        }
        // A token of another type is another token; in the newest revision that is judged by itself.
        if bench.edition().has_handshake() {
            let token = json!(bench.fresh_id());
            let seen = quiet.control(probe.clone().with(Some(&token))).await?;
            let slug = format!("{}-number", plain(&name));
            bench.case(&slug, title(&name, Some(&token)), Ok(known(&seen, Some(&token))));
        }
        // What reports once says nothing of an order: it is told to do more, if it can be.
        if let Some(more) = more_to_do(bench, &name) {
            let token = json!("plumb-more");
            let seen = quiet.send(with_token(capable(more), token.clone())).await?;
            bench.case(
                &format!("{}-more", plain(&name)),
                format!("{name:?} with more to do"),
                Ok(known(&seen, Some(&token))),
            );
        }
    }
    for base in [
        Base::ToolsList,
        Base::ToolsCall,
        Base::ResourcesRead,
        Base::PromptsGet,
        Base::ResourcesList,
    ] {
        let Some(probe) = bench.base(base) else { continue };
        let seen = quiet.control(probe).await?;
        bench.case(base.name(), title(base.name(), None), Ok(known(&seen, None)));
    }
    quiet.leave().await;
    bench.conclude()
}

/// A call that is served, and its token: where the one that was meant is refused, a number. That it is refused is told by
/// itself.
async fn served(
    bench: &Bench,
    quiet: &Quiet<'_>,
    probe: &Probe,
    token: Value,
) -> Result<(Observed, Option<Value>), Trouble> {
    match quiet.control(probe.clone().with(Some(&token))).await {
        Err(Trouble::Control(_)) => {
            let number = Some(json!(bench.fresh_id()));
            Ok((quiet.control(probe.clone().with(number.as_ref())).await?, number))
        }
        seen => Ok((seen?, Some(token))),
    }
}

fn title(what: &str, token: Option<&Value>) -> String {
    token.map_or_else(
        || format!("{what:?} without a token"),
        |t| format!("{what:?} with the token {t}"),
    )
}

fn known(seen: &Observed, token: Option<&Value>) -> Finding {
    let unknown = seen
        .notifications(METHOD)
        .find(|m| m.params().and_then(|p| p.get("progressToken")) != token);
    let expected = token.map_or_else(|| "no progress".into(), |t| format!("progress of {t} only"));
    unknown.map_or(Finding::Held, |m| Finding::violated(expected, m.raw.lossy()))
}

check! {
    /// **Observed:** the channel of a call that reports progress stays open after its result: nothing more comes for
    /// its token, over standard streams on the shared output, over HTTP on the stream. In revisions with a handshake the stream of
    /// GET is open, too: what comes there when a later request is answered, of a call whose progress came with its answer, three
    /// times in a row, was sent behind it; where all progress comes there, what comes within 150 ms may have been on its way.
    ///
    /// **Why:** the client has dropped the token, or given it to another request.
    ///
    /// **Fix:** stop the reporter before the result is sent.
    pub(crate) ONLY_IN_PROGRESS = "progress.only-in-progress";
    since: "2025-03-26";
    judges: ["progress.stop"];
    needs: [ProgressTool];
    scenario: no_progress_afterwards
}

async fn no_progress_afterwards(bench: &Bench) -> Judgement {
    let quiet = Quiet::in_session(bench).await?;
    for (name, probe) in reporters(bench)? {
        let token = json!(format!("plumb-{}", bench.fresh_id()));
        let mut open = quiet.open(with_token(probe, token)).await?;
        let mut reported = 0;
        let mut answered = false;
        while let Some(message) = open.next().await {
            reported += u32::from(message.method() == Some(METHOD));
            if message.is_response() {
                answered = true;
                break;
            }
        }
        let after = open.until(GRACE, |m| m.method() == Some(METHOD)).await;
        let seen = bench.finish(open).await;
        let finding = match after {
            Some(after) => {
                Ok(Finding::violated("no progress after the response", after.raw.lossy()))
            }
            None if !answered => Err(Trouble::Control(seen.describe())),
            None if reported == 0 => {
                Ok(Finding::unseen("no progress was reported", "report progress each time"))
            }
            None => Ok(Finding::Held),
        };
        bench.case(&plain(&name), format!("{name:?} after its response"), finding);
    }
    quiet.leave().await;
    if bench.edition().has_handshake() && bench.survey().transport.has_heads() {
        earlier::behind::on_the_other_stream(bench, reporters(bench)?).await?;
    }
    bench.conclude()
}

/// Calls of the tools that report progress, with every capability declared.
fn reporters(bench: &Bench) -> Result<Vec<(String, Probe)>, Trouble> {
    let mut found = vec![(
        bench.prop(Prop::ProgressTool)?.name.clone(),
        capable(bench.call(Prop::ProgressTool)?),
    )];
    for callable in &bench.survey().callable {
        let Some(name) = callable.tool["name"].as_str() else { continue };
        let reports =
            callable.shown.as_ref().is_some_and(|s| s.notifications(METHOD).next().is_some());
        // What asks for input reports once and ends; what is slow costs time.
        let quick = callable.shown.as_ref().is_some_and(|s| s.complete().is_some());
        if reports && quick && found.len() < TOOLS && found.iter().all(|(n, _)| n != name) {
            let call = bench.call_of(name, Value::Object(callable.arguments.clone()));
            found.push((name.to_owned(), capable(call)));
        }
    }
    Ok(found)
}

/// So much a tool is told to do that reports once, if it takes a number.
const MORE: u64 = 3;

/// A call of a tool that reported no more than once, with larger numbers where they say nothing of time.
fn more_to_do(bench: &Bench, name: &str) -> Option<Probe> {
    let callable = bench.survey().callable.iter().find(|c| c.tool["name"] == name)?;
    if callable.shown.as_ref()?.notifications(METHOD).count() > 1 {
        return None;
    }
    let mut arguments = callable.arguments.clone();
    for (argument, value) in &mut arguments {
        if value.as_u64().is_some_and(|n| n < MORE) && !speaks_of_time(argument) {
            *value = json!(MORE);
        }
    }
    let arguments = Value::Object(arguments);
    let fits =
        sample::validator(&callable.tool["inputSchema"]).is_none_or(|v| v.is_valid(&arguments));
    (fits && arguments != Value::Object(callable.arguments.clone()))
        .then(|| bench.call_of(name, arguments))
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect()
}

/// With a progress token, or without one.
trait Token {
    fn with(self, token: Option<&Value>) -> Self;
}

impl Token for Probe {
    fn with(self, token: Option<&Value>) -> Self {
        match token {
            Some(token) => with_token(self, token.clone()),
            None => self.without_meta(meta::PROGRESS_TOKEN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{holds, notification, streamed};

    /// A call with the token `"a"`, and what came on its stream.
    fn reported(steps: &[(Value, f64)]) -> Observed {
        let message = |(token, progress): &(Value, f64)| {
            notification(METHOD, json!({"progressToken": token, "progress": progress}))
        };
        let messages: Vec<Value> = steps.iter().map(message).collect();
        let params = json!({"name": "slow", "_meta": {"progressToken": "a"}});
        streamed("tools/call", params, &messages)
    }

    #[test]
    fn what_comes_late_of_the_call_before_is_no_echo() {
        let seen = reported(&[(json!(""), 4.0), (json!("ü"), 1.0)]);
        assert_eq!(only_with(&json!("ü"), Some(&json!("")), &seen), Finding::Held);
        let judged = |late| only_with(&json!("ü"), late, &seen);
        assert!(matches!(judged(None), Finding::Violated { .. }));
        assert!(matches!(judged(Some(&json!(0))), Finding::Violated { .. }));
    }

    #[test]
    fn progress_goes_up_for_the_token_of_the_call() {
        let (own, foreign) = (json!("a"), json!(0));
        let right = [(&own, 0.1), (&foreign, 5.0), (&own, 0.2), (&foreign, 1.0)];
        let right = right.map(|(token, progress)| (token.clone(), progress));
        assert_eq!(holds(&INCREASING, &reported(&right)), Some(true));
        for wrong in [[1.0, 1.0], [2.0, 1.0]] {
            let wrong = reported(&wrong.map(|progress| (own.clone(), progress)));
            assert_eq!(holds(&INCREASING, &wrong), Some(false));
        }
        assert_eq!(holds(&INCREASING, &reported(&[(own, 1.0)])), None, "one step is no order");
        let others = [3.0, 1.0].map(|progress| (foreign.clone(), progress));
        assert_eq!(holds(&INCREASING, &reported(&others)), None, "others begin anew");
    }
}
