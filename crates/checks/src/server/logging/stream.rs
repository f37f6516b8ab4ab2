//! server/utilities/logging#per-request-log-level: on which stream, and until when.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::subscription::{filter, listen};
use plumb_model::pack::Base;
use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, Trouble, capable, check};
use plumb_wire::method;
use serde_json::json;

use super::{METHOD, at, logged, loggers, plain};

/// Where nothing but silence can prove that no log message follows.
const GRACE: Duration = Duration::from_millis(200);

check! {
    /// **Observed:** while a subscription is open, tools that log are called at the level debug: the subscription's
    /// stream carries no log message.
    ///
    /// **Why:** log messages belong to their request; on another stream nobody can tell whose they are.
    ///
    /// **Fix:** send them on the response stream of the request that set the level.
    pub(crate) OWN_STREAM = "logging.own-stream";
    needs: [LoggingTool];
    scenario: own_stream
}

async fn own_stream(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    let mut open = match listen(bench, &quiet, filter(bench.survey())).await {
        Ok((open, _)) => open,
        Err(Trouble::Setup(why)) => {
            return Ok(Finding::unseen(why, "serve `subscriptions/listen`"));
        }
        Err(other) => return Err(other),
    };
    let mut messages = 0;
    for (_, probe) in loggers(bench)? {
        messages += logged(&quiet.control(at(&probe, "debug")).await?).count();
    }
    let leaked = open.until(GRACE, |m| m.method() == Some(METHOD)).await;
    bench.close(open);
    // Over standard streams, beside an open subscription, log messages name no request: they are nobody's.
    messages += quiet.strays().await?.iter().filter(|m| m.method() == Some(METHOD)).count();
    quiet.leave().await;
    Ok(match leaked {
        Some(leaked) => {
            Finding::violated("no log messages on the stream of a subscription", leaked.raw.lossy())
        }
        None if messages == 0 => Finding::unseen("the tools logged nothing", "log each time"),
        None => Finding::Held,
    })
}

check! {
    /// **Observed:** while a tool that logs is called at the level debug, other requests without a level are in
    /// progress: none of their streams carries a log message.
    ///
    /// **Why:** one client would read what another one's call has to say.
    ///
    /// **Fix:** send log messages through the handle of the request, not through one of the whole server.
    pub(crate) NO_OTHER_STREAM = "logging.no-other-stream";
    applies: [Http];
    needs: [LoggingTool];
    waits: true;
    scenario: no_other_stream
}

async fn no_other_stream(bench: &Bench) -> Judgement {
    // A stream that lasts, if there is one: slow, or with progress.
    let lasting = [Prop::SlowTool, Prop::ProgressTool]
        .into_iter()
        .find(|p| bench.survey().prop(*p).is_some());
    let beside = match lasting {
        Some(prop) => capable(bench.call(prop)?),
        None => bench
            .base(Base::ToolsList)
            .ok_or_else(|| Trouble::Setup("there is no other request".into()))?,
    };
    let alone = bench.control(beside.clone()).await?;
    if logged(&alone).next().is_some() {
        return Ok(Finding::unseen(
            "the other request logs by itself, without a level",
            "log only where a level is asked for",
        ));
    }
    let mut streams = Vec::new();
    for _ in 0..2 {
        let open = bench
            .open(plumb_runner::with_token(
                beside.clone(),
                json!(format!("beside-{}", bench.fresh_id())),
            ))
            .await?;
        streams.push(open);
    }
    let mut messages = 0;
    for (_, logger) in loggers(bench)? {
        messages += logged(&bench.control(at(&logger, "debug")).await?).count();
    }
    let mut leaked = None;
    for stream in &mut streams {
        leaked = leaked.or(stream.until(GRACE, |m| m.method() == Some(METHOD)).await);
    }
    for stream in streams {
        bench.close(stream);
    }
    Ok(match leaked {
        Some(leaked) => Finding::violated(
            "no log messages on the stream of another request",
            leaked.raw.lossy(),
        ),
        None if messages == 0 => Finding::unseen("the tools logged nothing", "log each time"),
        None => Finding::Held,
    })
}

check! {
    /// **Observed:** tools that log are called at the level debug, and watched after their response: no log message
    /// follows it, on its stream or, over standard streams, on the shared output.
    ///
    /// **Why:** the client has closed the call, and nobody reads what comes late.
    ///
    /// **Fix:** flush the log before the response is sent.
    pub(crate) BEFORE_RESPONSE = "logging.before-response";
    needs: [LoggingTool];
    scenario: before_response
}

async fn before_response(bench: &Bench) -> Judgement {
    let quiet = Quiet::quiet(bench).await?;
    for (name, probe) in loggers(bench)? {
        let mut open = quiet.open(at(&probe, "debug")).await?;
        let mut messages = 0;
        let mut answered = false;
        while let Some(message) = open.next().await {
            messages += u32::from(message.method() == Some(METHOD));
            if message.is_response() {
                answered = true;
                break;
            }
        }
        let after = open.until(GRACE, |m| m.method() == Some(METHOD)).await;
        let seen = bench.finish(open).await;
        // Over standard streams a late message belongs to no request, or comes while the next one is answered.
        let next = quiet.send(Probe::request(method::DISCOVER, json!({}))).await?;
        let stray = quiet.strays().await?.into_iter().find(|m| m.method() == Some(METHOD));
        let after = after.or(stray).or_else(|| next.notifications(METHOD).next().cloned());
        let finding = match after {
            Some(after) => {
                Ok(Finding::violated("no log message after the response", after.raw.lossy()))
            }
            None if !answered => Err(Trouble::Control(seen.describe())),
            None if messages == 0 => {
                Ok(Finding::unseen("the tool logged nothing", "log each time"))
            }
            None => Ok(Finding::Held),
        };
        bench.case(&plain(&name), format!("{name:?} after its response"), finding);
    }
    quiet.leave().await;
    bench.conclude()
}
