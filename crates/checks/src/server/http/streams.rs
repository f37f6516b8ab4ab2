//! streamable-http#receiving-messages: which notifications belong on which stream.

use std::time::Duration;

use plumb_flows::subscription;
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, capable, check, with_token};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{meta, method, notification};
use serde_json::{Value, json};
use tokio::join;

/// What was sent before the last answer arrives on another stream at most so much later.
const GRACE: Duration = Duration::from_millis(200);

check! {
    /// **Observed:** two calls of a tool that reports progress run at the same time, each with a token of its own;
    /// beside them run a call that logs and one that asks for nothing. Each stream carries only progress with its own
    /// token, and no change notifications. Two more calls have one token, as two clients may choose it: what one stream
    /// lacks does not stand on the other. That is left out where access tokens make both calls those of one client.
    ///
    /// **Why:** what a stream carries is attributed to its request: foreign notifications mislead, and leak what
    /// another client does.
    ///
    /// **Fix:** hand each request a sender of its own; no broadcast over all open streams.
    pub(crate) NOTIFICATIONS_RELATE = "http.sse.notifications-relate";
    applies: [Http];
    needs: [ProgressTool];
    scenario: notifications_relate
}

async fn notifications_relate(bench: &Bench) -> Judgement {
    let tokens = [
        json!(format!("plumb-{}-a", bench.fresh_id())),
        json!(format!("plumb-{}-b", bench.fresh_id())),
    ];
    let call = |token: &Value| {
        bench.call(Prop::ProgressTool).map(|probe| with_token(capable(probe), token.clone()))
    };
    let (first, second) = (call(&tokens[0])?, call(&tokens[1])?);
    let logging = match bench.call(Prop::LoggingTool) {
        Ok(probe) => probe.meta(meta::LOG_LEVEL, "debug"),
        Err(_) => Probe::request(method::DISCOVER, json!({})),
    };
    // The same tool, unasked for progress, stays open as long as the other two.
    let quiet = capable(bench.call(Prop::ProgressTool)?);
    let (first, second, logging, quiet) =
        join!(bench.send(first), bench.send(second), bench.send(logging), bench.send(quiet));
    let (first, second, logging, quiet) = (first?, second?, logging?, quiet?);
    let reported = |seen: &Observed| seen.notifications(notification::PROGRESS).next().is_some();
    // Where nothing is told at all, nothing can be told on the wrong stream.
    if ![&first, &second, &logging, &quiet].into_iter().any(reported) {
        return Ok(Finding::unseen(
            "no call reported progress, so none could stand on another's stream",
            Prop::ProgressTool.how_to_enable(),
        ));
    }
    bench.case("first", "a call with a token", Ok(only_its_own(&first, Some(&tokens[0]), &tokens)));
    bench.case(
        "second",
        "another call with another token",
        Ok(only_its_own(&second, Some(&tokens[1]), &tokens)),
    );
    bench.case("logging", "a call that logs", Ok(only_its_own(&logging, None, &tokens)));
    bench.case("quiet", "a call without a token", Ok(only_its_own(&quiet, None, &tokens)));
    // One client must not use a token twice at once; who has no name is not known to be one.
    if !bench.survey().protected {
        let (one, other) = join!(bench.send(call(&tokens[0])?), bench.send(call(&tokens[0])?));
        let judged = of_two(&one?, &other?, reports(&first).len());
        bench.case("same-token", "two calls at once with the same token", Ok(judged));
    }
    bench.conclude()
}

/// Whether the progress of one call stands on the stream of another that has the same token: two courses are on the one,
/// and less than one `alone` on the other.
fn of_two(one: &Observed, other: &Observed, alone: usize) -> Finding {
    if reports(one).is_empty() && reports(other).is_empty() {
        return Finding::unseen("no call reported progress", Prop::ProgressTool.how_to_enable());
    }
    let has_both = |seen: &Observed, other: &Observed| {
        let (steps, lacking) = (reports(seen), reports(other).len() < alone);
        let begins_anew = steps.windows(2).any(|pair| pair[1] <= pair[0]);
        lacking && steps.len() > alone && begins_anew
    };
    if has_both(one, other) {
        return misled(one);
    }
    if has_both(other, one) { misled(other) } else { Finding::Held }
}

/// How far each report of progress says that a call is.
fn reports(seen: &Observed) -> Vec<f64> {
    let reports = seen.notifications(notification::PROGRESS).filter_map(|m| m.params());
    reports.filter_map(|p| p.get("progress")?.as_f64()).collect()
}

fn misled(seen: &Observed) -> Finding {
    Finding::violated(
        "the progress of each call on the stream of that call",
        format!("two courses on one stream, and the other lacks its own: {}", seen.describe()),
    )
}

fn only_its_own(seen: &Observed, own: Option<&Value>, tokens: &[Value]) -> Finding {
    let foreign = seen.messages.iter().find(|m| match m.method() {
        // Tokens that are none of these belong to other checks, which judge them.
        Some(notification::PROGRESS) => m
            .params()
            .and_then(|p| p.get("progressToken"))
            .is_some_and(|t| Some(t) != own && tokens.contains(t)),
        Some(method) => {
            method.ends_with("/list_changed") || method == notification::RESOURCE_UPDATED
        }
        None => false,
    });
    let expected = match own {
        Some(token) => format!("only progress of token {token} on the stream of its call"),
        None => "no progress of other calls on the stream of a call without a token".to_owned(),
    };
    match foreign {
        Some(message) => Finding::violated(expected, plumb_runner::clip(&message.raw.lossy(), 200)),
        None if seen.response().is_some() => Finding::Held,
        None => Finding::unseen(format!("no answer came: {}", seen.describe()), "answer the call"),
    }
}

check! {
    /// **Observed:** while a subscription is open, a tool reports progress and another logs, each on the stream of its
    /// own call; neither shows up on the stream of the subscription.
    ///
    /// **Why:** the subscription may belong to another user than the call.
    ///
    /// **Fix:** send `notifications/progress` and `notifications/message` only on the stream of their request.
    pub(crate) LISTEN_NO_REQUEST_SCOPED = "http.sse.listen-no-request-scoped";
    fact: "logging.own-stream";
    applies: [Http];
    scenario: listen_no_request_scoped
}

async fn listen_no_request_scoped(bench: &Bench) -> Judgement {
    let everything =
        json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true});
    let token = json!(format!("plumb-listen-{}", bench.fresh_id()));
    let talkers: Vec<Probe> = [Prop::ProgressTool, Prop::LoggingTool]
        .into_iter()
        .filter_map(|prop| bench.call(prop).ok())
        .map(|probe| with_token(capable(probe), token.clone()).meta(meta::LOG_LEVEL, "debug"))
        .collect();
    if talkers.is_empty() {
        let how = Prop::ProgressTool.how_to_enable();
        return Ok(Finding::unseen("the target offers no tool that reports progress or logs", how));
    }
    let Some(mut open) = subscription::acknowledged(bench, everything).await? else {
        return Ok(Finding::unseen("the server has no `subscriptions/listen`", "implement it"));
    };
    let mut told = 0;
    for probe in talkers {
        told += bench.send(probe).await?.messages.len().saturating_sub(1);
    }
    // Whoever they belong to: the subscription itself carries no token and names no level.
    let scoped =
        |m: &Message| matches!(m.method(), Some(notification::PROGRESS | notification::MESSAGE));
    let leaked = open.until(GRACE, scoped).await;
    bench.close(open);
    match leaked {
        Some(message) => Ok(Finding::violated(
            "no progress and no log messages on the stream of a subscription",
            plumb_runner::clip(&message.raw.lossy(), 200),
        )),
        None if told > 0 => Ok(Finding::Held),
        None => {
            Ok(Finding::unseen("the tools reported nothing", Prop::ProgressTool.how_to_enable()))
        }
    }
}
