//! streamable-http#receiving-messages: which notifications belong on which stream.

use std::time::Duration;

use plumb_flows::quiet::Quiet;
use plumb_flows::subscription;
use plumb_runner::{
    Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, capable, check, with_token,
};
use plumb_wire::jsonrpc::Message;
use plumb_wire::{meta, method, notification};
use serde_json::{Value, json};
use tokio::join;

/// Calls that take next to no time are over before others begin, the more so on a busy machine: they are made so often, until
/// two were seen to be worked on at once.
const TRIES: usize = 4;

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
    let Some(alone) = side_by_side(bench, &Quiet::Run(bench), &tokens, only_its_own).await? else {
        return Ok(untold());
    };
    // One client must not use a token twice at once; who has no name is not known to be one.
    if !bench.survey().protected {
        let judged = with_one_token(bench, &tokens[0], alone).await;
        bench.case("same-token", "two calls at once with the same token", judged);
    }
    bench.conclude()
}

/// The calls that are made beside each other: what each is, by its slug.
const CALLS: [(&str, &str); 4] = [
    ("first", "a call with a token"),
    ("second", "another call with another token"),
    ("logging", "a call that logs"),
    ("quiet", "a call without a token"),
];

/// Makes the calls beside each other, and judges each by what stands on its stream, the token that it gave, and both tokens. So many steps the
/// progress of the first one has; `None` where nothing is told at all, so that nothing can be told on the wrong stream.
pub(crate) async fn side_by_side(
    bench: &Bench,
    quiet: &Quiet<'_>,
    tokens: &[Value; 2],
    judge: fn(&Observed, Option<&Value>, &[Value]) -> Finding,
) -> Result<Option<usize>, Trouble> {
    for tried in 1..=TRIES {
        let seen = beside_each_other(bench, quiet, tokens).await?;
        if seen.iter().all(|seen| reports(seen).is_empty()) {
            break;
        }
        let own = [Some(&tokens[0]), Some(&tokens[1]), None, None];
        let judged = [0, 1, 2, 3].map(|n| judge(&seen[n], own[n], tokens));
        let misled = judged.iter().any(|finding| matches!(finding, Finding::Violated { .. }));
        if misled || tried == TRIES || at_once(&seen[0], &seen[1]) {
            for ((slug, title), finding) in CALLS.into_iter().zip(judged) {
                bench.case(slug, title, Ok(finding));
            }
            return Ok(Some(reports(&seen[0]).len()));
        }
    }
    Ok(None)
}

/// That no progress was told on any stream.
pub(crate) fn untold() -> Finding {
    Finding::unseen(
        "no call reported progress, so none could stand on another's stream",
        Prop::ProgressTool.how_to_enable(),
    )
}

/// What comes on the streams of these calls.
async fn beside_each_other(
    bench: &Bench,
    quiet: &Quiet<'_>,
    tokens: &[Value; 2],
) -> Result<[Observed; 4], Trouble> {
    let (first, second) = (reporting(bench, &tokens[0])?, reporting(bench, &tokens[1])?);
    let logging = match bench.call(Prop::LoggingTool) {
        Ok(probe) => probe.meta(meta::LOG_LEVEL, "debug"),
        Err(_) => Probe::request(method::DISCOVER, json!({})),
    };
    // The same tool, unasked for progress, stays open as long as the other two.
    let unasked = capable(bench.call(Prop::ProgressTool)?);
    let (first, second, logging, unasked) =
        join!(quiet.send(first), quiet.send(second), quiet.send(logging), quiet.send(unasked));
    Ok([first?, second?, logging?, unasked?])
}

/// Two calls at once with one token, the progress of each of which has so many steps.
async fn with_one_token(bench: &Bench, token: &Value, alone: usize) -> Judgement {
    for _ in 0..TRIES {
        let (one, other) = (reporting(bench, token)?, reporting(bench, token)?);
        let (one, other) = join!(bench.send(one), bench.send(other));
        let (one, other) = (one?, other?);
        let judged = of_two(&one, &other, alone);
        if !matches!(judged, Finding::Held) || at_once(&one, &other) {
            return Ok(judged);
        }
    }
    Ok(Finding::unseen(
        "two calls were never seen to be worked on at once",
        "offer a tool that reports its progress in the course of some tenths of a second",
    ))
}

fn reporting(bench: &Bench, token: &Value) -> Result<Probe, Trouble> {
    Ok(with_token(capable(bench.call(Prop::ProgressTool)?), token.clone()))
}

/// Whether something came on each stream before the last came on the other.
fn at_once(one: &Observed, other: &Observed) -> bool {
    let spell = |seen: &Observed| {
        let frames = &seen.exchange.answer.frames;
        frames.first().zip(frames.last()).map(|(first, last)| (first.at, last.at))
    };
    let spells = spell(one).zip(spell(other));
    spells.is_some_and(|(one, other)| one.0 < other.1 && other.0 < one.1)
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

/// Whether a stream carries progress of another call than its own, or changes.
fn only_its_own(seen: &Observed, own: Option<&Value>, tokens: &[Value]) -> Finding {
    let is_change = |m: &&Message| {
        m.method().is_some_and(|method| {
            method.ends_with("/list_changed") || method == notification::RESOURCE_UPDATED
        })
    };
    let foreign = seen.messages.iter().find(|m| is_foreign(m, own, tokens) || is_change(m));
    without(foreign, own, seen)
}

/// Whether a stream carries progress of another call than its own.
pub(crate) fn only_own_progress(seen: &Observed, own: Option<&Value>, tokens: &[Value]) -> Finding {
    without(seen.messages.iter().find(|m| is_foreign(m, own, tokens)), own, seen)
}

/// Tokens that are none of these belong to other checks, which judge them.
fn is_foreign(message: &Message, own: Option<&Value>, tokens: &[Value]) -> bool {
    message.method() == Some(notification::PROGRESS)
        && message
            .params()
            .and_then(|p| p.get("progressToken"))
            .is_some_and(|t| Some(t) != own && tokens.contains(t))
}

fn without(foreign: Option<&Message>, own: Option<&Value>, seen: &Observed) -> Finding {
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
