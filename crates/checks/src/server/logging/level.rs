//! server/utilities/logging#per-request-log-level: the level of each request decides.

use plumb_flows::quiet::Quiet;
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Notes, Observed, Trouble, check, facet};
use plumb_wire::Capability;
use serde_json::Value;

use super::{LEVELS, METHOD, at, logged, loggers, plain, quick_loggers};

check! {
    /// **Observed:** a target that sends log messages, in whatever exchange of the run, declares `logging`.
    ///
    /// **Why:** clients ask for log messages only where the capability says that there are any.
    ///
    /// **Fix:** add `"logging": {}` to the capabilities of `server/discover`.
    pub(crate) DECLARE = "logging.declare";
    since: "2025-03-26";
    passive: declare
}

fn declare(seen: &Observed, notes: &mut Notes<'_>) {
    if seen.notifications(METHOD).next().is_none() {
        return;
    }
    // What was never read declares nothing, and leaves nothing out.
    let read = notes.survey.discover.as_ref().is_some_and(|d| d.complete().is_some());
    if !read && !notes.edition.has_handshake() {
        return;
    }
    let declared = notes.survey.declares(Capability::Logging);
    notes.expect(declared, "the capability `logging` declared by a server that logs", || {
        "it is not declared".into()
    });
}

check! {
    /// **Observed:** tools that log, and requests of other methods, are sent without a level: no log message comes.
    ///
    /// **Why:** a client that did not ask has no place for log messages, and pays for them all the same.
    ///
    /// **Fix:** send `notifications/message` only for requests whose `_meta` has a log level; there is no default.
    pub(crate) NO_LEVEL_NO_LOGS = "logging.no-level-no-logs";
    needs: [LoggingTool];
    scenario: no_level_no_logs
}

async fn no_level_no_logs(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    for (name, probe) in loggers(bench)? {
        let seen = quiet.control(probe).await?;
        bench.case(&plain(&name), format!("{name:?} without a level"), Ok(silent(&seen)));
    }
    let others = [
        Base::Discover,
        Base::ToolsList,
        Base::ResourcesList,
        Base::ResourcesRead,
        Base::PromptsList,
        Base::PromptsGet,
        Base::Complete,
    ];
    for base in others {
        let Some(probe) = bench.base(base) else { continue };
        let seen = quiet.control(probe).await?;
        bench.case(base.name(), format!("{} without a level", base.name()), Ok(silent(&seen)));
    }
    quiet.leave().await;
    bench.conclude()
}

fn silent(seen: &Observed) -> Finding {
    let first = logged(seen).next();
    first.map_or(Finding::Held, |m| {
        Finding::violated("no log messages for a request without a level", m.to_string())
    })
}

check! {
    /// **Observed:** tools that log are called at each of the eight levels: no message is less severe than the level
    /// that was asked for. **Position:** the page only allows what is at or above the level; that makes the rest a
    /// violation.
    ///
    /// **Why:** a client that asks for errors drowns in debug messages.
    ///
    /// **Fix:** compare by severity, not by name: debug, info, notice, warning, error, critical, alert, emergency.
    pub(crate) THRESHOLD = "logging.threshold";
    needs: [LoggingTool];
    scenario: threshold
}

async fn threshold(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    for (name, probe) in loggers(bench)? {
        let probes = LEVELS.iter().map(|level| at(&probe, level)).collect();
        for (least, seen) in quiet.send_each(probes).await.into_iter().enumerate() {
            let level = LEVELS[least];
            let judgement = seen.and_then(|seen| nothing_below(least, &seen));
            let slug = format!("{}-{level}", plain(&name));
            bench.case(&slug, format!("{name:?} at the level {level}"), judgement);
        }
    }
    quiet.leave().await;
    bench.conclude()
}

fn nothing_below(least: usize, seen: &Observed) -> Judgement {
    if !seen.is_accepted() {
        return Err(Trouble::Control(seen.describe()));
    }
    let severity = |m: &Value| LEVELS.iter().position(|l| m["level"] == *l);
    let below = logged(seen).find(|m| severity(m).is_some_and(|s| s < least));
    Ok(below.map_or(Finding::Held, |below| {
        Finding::violated(format!("messages at {} or above", LEVELS[least]), below.to_string())
    }))
}

check! {
    /// **Observed:** on one connection a tool that logs is called with a level and then without one: the second call
    /// is silent; and with a high level after a low one: only severe messages come. Slow tools are called where no other logs.
    ///
    /// **Why:** another client, behind the same gateway, would get what it never asked for.
    ///
    /// **Fix:** take the level from the request, and keep nothing.
    pub(crate) NO_REMEMBERED_LEVEL = "logging.no-remembered-level";
    fact: "logging.no-level-no-logs";
    needs: [LoggingTool];
    waits: true;
    scenario: no_remembered_level
}

async fn no_remembered_level(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    for (name, probe) in quick_loggers(bench)? {
        // What logs unasked before any level was named remembers none.
        let fresh = probe.clone().on("logging-unasked");
        let unasked = quiet.control(fresh.clone()).await?;
        let severe_first = quiet.control(at(&fresh, "emergency")).await?;
        if logged(&unasked).next().is_some()
            || logged(&severe_first).any(|m| m["level"] != "emergency")
        {
            let finding = Finding::unseen(
                "the tool logs whatever level is named, so it shows no memory",
                "log at the level that the request names",
            );
            bench.case(&plain(&name), format!("{name:?} before any level"), Ok(finding));
            continue;
        }
        let probe = probe.on("logging-remembered");
        let asked = quiet.control(at(&probe, "debug")).await?;
        let later = quiet.control(probe.clone()).await?;
        let finding = match logged(&later).next() {
            Some(message) => {
                Finding::violated("silence after a call that had a level", message.to_string())
            }
            None if logged(&asked).next().is_none() => {
                Finding::unseen("the tool logged nothing", "log each time")
            }
            None => Finding::Held,
        };
        bench.case(&plain(&name), format!("{name:?} without a level after one with"), Ok(finding));
        let severe = quiet.control(at(&probe, "emergency")).await?;
        let finding = match logged(&severe).find(|m| m["level"] != "emergency") {
            Some(message) => Finding::violated("messages at emergency only", message.to_string()),
            None => Finding::Held,
        };
        bench.case(
            &format!("{}-raised", plain(&name)),
            format!("{name:?} at emergency after debug"),
            Ok(finding),
        );
    }
    quiet.leave().await;
    bench.conclude()
}

check! {
    /// **Observed:** a request whose level is none of the eight is refused with -32602, whatever its method; each of
    /// the eight is accepted.
    ///
    /// **Why:** a client that mistyped the level gets no messages, or all of them, and no hint why.
    ///
    /// **Fix:** check the level when `_meta` is read, before the request is served.
    pub(crate) INVALID_LEVEL = "logging.error.invalid-level";
    applies: [Declares(Logging)];
    cases: facet::refused_with_code
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use plumb_recorded::{answered, holds, holds_on, notification, streamed};
    use plumb_runner::Survey;

    #[test]
    fn who_logs_declares_it_and_below_the_level_there_is_nothing() {
        let log = |level: &str| notification(METHOD, json!({"level": level, "data": "x"}));
        let logs = streamed("tools/call", json!({}), &[log("info")]);
        let nothing = answered("server/discover", json!({}), json!({"capabilities": {}}));
        let survey = Survey { discover: Some(nothing), ..Survey::default() };
        assert_eq!(holds_on(&survey, &DECLARE, &logs), Some(false), "this target declares nothing");
        assert_eq!(holds(&DECLARE, &logs), None, "what this one declares was never read");
        assert_eq!(holds(&DECLARE, &answered("tools/call", json!({}), json!({}))), None);
        let result = json!({"jsonrpc": "2.0", "id": 1, "result": {"content": []}});
        let at_warning =
            |level: &str| streamed("tools/call", json!({}), &[log(level), result.clone()]);
        let least = 3;
        for (level, fits) in
            [("warning", true), ("emergency", true), ("notice", false), ("debug", false)]
        {
            let judged = nothing_below(least, &at_warning(level));
            assert_eq!(matches!(judged, Ok(Finding::Held)), fits, "{level}");
        }
        assert!(
            nothing_below(least, &streamed("tools/call", json!({}), &[])).is_err(),
            "no control"
        );
    }
}
