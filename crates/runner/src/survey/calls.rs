//! Calling what may be called, once each, to see what it does.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use plumb_wire::notification;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::callable::{AllowCalls, Callable, call, succeeds, took};
use super::changes::Heard;
use super::timed;
use crate::channel::Channel;
use crate::props::is_fixture;
use crate::{Observed, Survey, sample};

/// At most so many tools are called, so that a thousand tools do not make a thousand calls.
const CALLS: usize = 96;

/// At most so many calls wait at once.
const CALLS_AT_ONCE: usize = 8;

/// Questions that belong to no call are looked for so often.
const LISTENED: Duration = Duration::from_millis(25);

/// A tool that took so long is not called again only to see whether it asks.
const AT_LEISURE: Duration = Duration::from_secs(1);

/// At most so many tools that took long are called once more, to tell a slow tool from a slow moment.
const AGAIN: usize = 6;

/// Making arguments for all tools may take so long.
const MAKING: Duration = Duration::from_secs(5);

/// The tools that may be called, with arguments that their schemas accept: of very many, the first and the last.
pub(crate) async fn callables(survey: &Survey, allow: &AllowCalls) -> Vec<Callable> {
    let tools = survey.tools.items.iter().map(|item| &item.value);
    let allowed: Vec<Value> = tools.filter(|tool| may_call(tool, allow)).cloned().collect();
    let late = allowed.len().saturating_sub(CALLS / 4);
    let ends = move |at: usize| at < CALLS - CALLS / 4 || at >= late;
    let made = sample::aside(MAKING, move || {
        let begun = std::time::Instant::now();
        let in_time = |_: &&Value| begun.elapsed() < MAKING / 2;
        let tools = allowed.iter().take_while(in_time).filter_map(callable).enumerate();
        tools.filter(|(at, _)| ends(*at)).map(|(_, callable)| callable).collect::<Vec<_>>()
    });
    let mut made = made.await.unwrap_or_default();
    made.truncate(CALLS);
    made
}

/// Calls each tool once, several beside each other.
pub(super) async fn call_each(callables: &[Callable], channel: &Channel) -> Vec<Option<Observed>> {
    let asks = OnceCell::new();
    let asks = &asks;
    let calls = callables
        .iter()
        .enumerate()
        .map(|(at, callable)| async move { (at, called(callable, channel, asks).await) });
    let mut shown: Vec<_> =
        futures_util::stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).collect().await;
    shown.sort_by_key(|(at, _)| *at);
    shown.into_iter().map(|(_, shown)| shown).collect()
}

/// Calls a tool; once more if the target waits for us to listen elsewhere, which is found out once.
async fn called(callable: &Callable, channel: &Channel, asks: &OnceCell<bool>) -> Option<Observed> {
    let call = call(callable);
    let shown = channel.survey(&call).await.ok()?;
    let silent = channel.may_be_asked_elsewhere(&shown);
    if silent && *asks.get_or_init(|| channel.asks_where_nobody_listens(&call)).await {
        return channel.survey(&call).await.ok().or(Some(shown));
    }
    Some(shown)
}

/// The same; over standard streams, where nothing tells to which call a question of the target belongs, or progress with a
/// token that nobody gave, questions are answered by themselves, and whether any of that came is told. So are the changes that
/// were told where revisions with sessions tell them: with an answer, or by the way.
pub(super) async fn call_and_answer(
    callables: &[Callable],
    channel: &Channel,
) -> (Vec<Option<Observed>>, bool, Vec<Heard>) {
    if channel.keeper().is_none() {
        let shown = call_each(callables, channel).await;
        let told = told_in(&shown, channel);
        return (shown, false, told);
    }
    let strays = Mutex::new(Vec::new());
    let listen = async {
        loop {
            tokio::time::sleep(LISTENED).await;
            let come = channel.strays("survey").await;
            lock(&strays).extend(come);
        }
    };
    // Beside each other: an answer may wait for a turn that the calls have.
    let shown = if channel.edition().has_handshake() {
        tokio::select! {
            shown = call_each(callables, channel) => shown,
            () = listen => Vec::new(),
        }
    } else {
        call_each(callables, channel).await
    };
    let mut strays = std::mem::take(&mut *lock(&strays));
    strays.extend(channel.strays("survey").await);
    let mut told = told_in(&shown, channel);
    told.extend(strays.iter().flat_map(Heard::in_answer));
    let homeless = strays.iter().any(tells_something);
    (shown, homeless, told)
}

/// The changes that came with answers; in the newest revision they belong to subscriptions alone.
fn told_in(shown: &[Option<Observed>], channel: &Channel) -> Vec<Heard> {
    if !channel.edition().has_handshake() {
        return Vec::new();
    }
    shown.iter().flatten().flat_map(Heard::in_answer).collect()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the target asks something, or tells of progress.
fn tells_something(seen: &Observed) -> bool {
    seen.asked().next().is_some() || seen.notifications(notification::PROGRESS).next().is_some()
}

/// Calls each tool that was quick again, with nothing else in flight: what comes meanwhile, comes of this tool.
pub(super) async fn call_one_by_one(callables: &mut [Callable], channel: &Channel) {
    let quick = |c: &&mut Callable| c.took.is_none_or(|took| took < AT_LEISURE);
    for callable in callables.iter_mut().filter(quick).take(CALLS_AT_ONCE * 3) {
        let Ok(shown) = channel.survey(&call(callable)).await else { continue };
        if tells_something(&shown) {
            callable.shown = Some(shown);
        }
    }
}

/// Calls once more what took long, with nothing else in flight: a tool is as quick as its quicker call.
pub(super) async fn call_again(survey: &mut Survey, channel: &Channel) {
    let quick = survey.quick();
    let long = |callable: &&mut Callable| {
        let long = succeeds(callable) && callable.took.is_some_and(|took| took > quick);
        long && !timed::is_told(callable)
    };
    for callable in survey.callable.iter_mut().filter(long).take(AGAIN) {
        if let Ok(shown) = channel.survey(&call(callable)).await
            && shown.is_accepted()
        {
            callable.took = callable.took.min(Some(took(&shown)));
        }
    }
}

/// Whether a tool may be called: it says that it is harmless, or its name or the user does.
fn may_call(tool: &Value, allow: &AllowCalls) -> bool {
    let Some(name) = tool["name"].as_str() else { return false };
    let read_only = tool.pointer("/annotations/readOnlyHint") == Some(&json!(true));
    let changes = name.starts_with("test_trigger_") || name == "test_update_resource";
    (read_only || is_fixture(name) || allow.all || allow.names.iter().any(|n| n == name))
        && !changes
}

fn callable(tool: &Value) -> Option<Callable> {
    let arguments = sample::arguments(tool.get("inputSchema")?)?;
    let mut callable = Callable { tool: tool.clone(), arguments, shown: None, took: None };
    if let Some(told) = timed::told(&callable) {
        callable.arguments = told;
    }
    Some(callable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_called_that_nobody_allowed() {
        let nobody = AllowCalls::default();
        let plain = json!({"name": "erase"});
        let reads = json!({"name": "look", "annotations": {"readOnlyHint": true}});
        let says_so = json!({"name": "erase", "annotations": {"readOnlyHint": "true"}});
        assert!(
            !may_call(&plain, &nobody) && may_call(&reads, &nobody) && !may_call(&says_so, &nobody)
        );
        let named = AllowCalls { all: false, names: vec!["erase".into()] };
        assert!(may_call(&plain, &named));
        assert!(may_call(&plain, &AllowCalls { all: true, names: Vec::new() }));
        // What the fixture changes is changed by the checks that look at it.
        assert!(!may_call(&json!({"name": "test_update_resource"}), &nobody));
    }
}
