//! Law 5: legal variants stay green, on both transports.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use plumb_model::{Report, Verdict};
use plumb_reference::{LimitBy, Options, Published, Reference, Rules, SseMode};
use plumb_runner::{Reach, Replicas, Target};

use super::judge;
use crate::judging::AT_ONCE;

type Variant = (&'static str, fn(&mut Options));

const VARIANTS: &[Variant] = &[
    ("a tool without a description", |o| o.tool_without_description = true),
    ("a prompt without a description", |o| o.prompt_without_description = true),
    ("pretty-printed JSON over several data lines", |o| {
        o.pretty_json = true;
        o.sse = SseMode::Always;
    }),
    ("every answer as an event stream", |o| o.sse = SseMode::Always),
    ("no answer as an event stream", |o| o.sse = SseMode::Never),
    ("CRLF in event streams", |o| {
        o.crlf = true;
        o.sse = SseMode::Always;
    }),
    ("events with empty data", |o| {
        o.empty_events = true;
        o.sse = SseMode::Always;
    }),
    ("keep-alive comments", |o| {
        o.comments = true;
        o.sse = SseMode::Always;
    }),
    ("event lines", |o| {
        o.event_lines = true;
        o.sse = SseMode::Always;
    }),
    ("a charset parameter", |o| o.charset_parameter = true),
    ("an upper-case media type", |o| o.uppercase_media_type = true),
    ("unknown extra fields in results and _meta", |o| o.extra_fields = true),
    ("other error messages", |o| o.other_messages = true),
    ("errors with status 500 where none is named", |o| o.error_status = Some(500)),
    ("errors with status 422 where none is named", |o| o.error_status = Some(422)),
    ("fractional progress without a total", |o| o.fractional_progress = true),
    ("annotations on content", |o| o.annotations = true),
    ("requestState on every input request", |o| o.request_state_always = true),
    ("status 500 with errors of handlers", |o| o.handler_error_status = 500),
    ("status 400 with errors of handlers", |o| o.handler_error_status = 400),
    ("words that merely look sensitive", |o| o.innocent_words = true),
    ("a tool loop of a hundred rounds", |o| o.sampling_rounds = 100),
    ("two supported versions", |o| o.versions.push("2027-01-15".into())),
    ("300 tools over many pages", |o| {
        o.extra_tools = 300;
        o.page_size = Some(7);
    }),
    ("questions of tasks that count down", |o| o.counting_questions = true),
    ("no subscriptions, and nothing declared to subscribe to", |o| o.announces = false),
    ("a subscription to nothing refused", |o| o.empty_listen_refused = true),
    ("refusals of HTTP told by JSON that is no message", |o| o.framework_errors = true),
    ("a server that changes by itself all the time", |o| o.lively = true),
    ("a card within its catalogue", |o| o.published = Published::Inline),
    ("a card with a weak tag", |o| o.published = Published::WeakTag),
    ("a name of 100 characters", |o| o.long_tool_name = true),
    ("lists that change five times a second", |o| {
        o.restless_lists = Some(Duration::from_millis(200));
    }),
    ("templates of which few ids exist, and a directory", |o| {
        o.few_ids = true;
        o.listed_directory = true;
    }),
    ("a template with a literal beyond ASCII", |o| o.accented_template = true),
    ("a prompt that needs one of two optional arguments", |o| o.either_argument = true),
    ("completions without totals, and arguments without completers", |o| {
        o.plain_completions = true;
    }),
    ("capabilities that follow the client's, and uncommon values", |o| {
        o.capabilities_follow_client = true;
        o.uncommon_values = true;
    }),
    ("empty lists of what is not offered", |o| {
        o.empty_lists_answered = true;
        o.features.prompts = false;
        o.features.completions = false;
    }),
    ("texts and _meta that differ each time", |o| o.texts_differ = true),
    ("optional fields left out", |o| o.bare = true),
];

/// Servers that are right and slow, or right and limit their callers: each is judged on both transports where it shows.
const HARD: &[Variant] = &[
    ("every answer 400 ms later", |o| o.answer_delay = Duration::from_millis(400)),
    ("a start of two seconds", |o| o.start_delay = Duration::from_secs(2)),
    ("every 50th request turned away with 429", |o| o.turned_away = Some((50, 429))),
    ("every 50th request turned away with 503", |o| o.turned_away = Some((50, 503))),
    ("every 40th answer 500, or broken off", |o| o.mishaps = Some(40)),
    ("three calls at a time, then isError", |o| o.calls_at_once = Some(3)),
    ("one subscription at a time", |o| o.subscriptions_at_once = Some(1)),
    ("three subscriptions at a time", |o| o.subscriptions_at_once = Some(3)),
    ("50 calls a second, then isError", |o| o.calls_per_second = 50),
    ("50 calls a second, then a JSON-RPC error", |o| {
        o.calls_per_second = 50;
        o.limit_by = LimitBy::RpcError;
    }),
    ("50 calls a second, then 429", |o| {
        o.calls_per_second = 50;
        o.limit_by = LimitBy::Status429;
    }),
];

/// What they are judged by: the kinds of checks that wait, count and compare.
const STRESSED: [&str; 6] =
    ["base.*", "cancel.*", "mrtr.*", "subs.*", "stdio.*", "http.validate.*"];

#[tokio::test(flavor = "multi_thread")]
async fn slow_and_limiting_servers_stay_green() {
    let over_http = HARD.iter().map(|variant| (variant, true));
    let over_stdio = HARD.iter().filter(|(_, vary)| shows_over_stdio(*vary));
    let each = over_http.chain(over_stdio.map(|variant| (variant, false)));
    let mut found: Vec<String> = stream::iter(each)
        .map(|((name, vary), http)| async move {
            let mut options = Options::default();
            vary(&mut options);
            if http {
                return wrong(name, &judge::in_process(Rules::SPEC, options, &STRESSED).await);
            }
            wrong(&format!("{name}, over stdio"), &judge::over_stdio(&options, &STRESSED).await)
        })
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    // What there is no time for is not known; it is never a violation.
    found.retain(|line| line.contains("Violated"));
    assert!(found.is_empty(), "{found:#?}");
}

/// Choices that show over HTTP alone.
const HTTP_ONLY: [&str; 10] = [
    "sse",
    "crlf",
    "comments",
    "empty_events",
    "keep_alive",
    "event_lines",
    "charset_parameter",
    "uppercase_media_type",
    "turned_away",
    "mishaps",
];

/// The page asks for the end of the work by SHOULD: that it goes on in silence breaks no MUST.
#[tokio::test(flavor = "multi_thread")]
async fn work_that_goes_on_in_silence_was_cancelled_all_the_same() {
    let ids = ["http.cancel.disconnect", "http.cancel.stop-work"];
    let rules = Rules { cancelled_work_stops: false, ..Rules::SPEC };
    let report = judge::in_process(rules, Options::default(), &ids).await;
    let [must, should] = ids.map(|id| judge::verdict(&report, id).expect("judged").name());
    assert_eq!((must, should), ("unverified", "violated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn legal_variants_stay_green() {
    let wrong: Vec<String> = stream::iter(VARIANTS)
        .map(|(name, vary)| async move {
            let mut options = Options::default();
            vary(&mut options);
            wrong(name, &judge::in_process(Rules::SPEC, options, &[]).await)
        })
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The text routes requests about a task to the instance that holds it; without a router no replica needs to know it.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_share_nothing_and_have_no_router_need_not_share_tasks() {
    let start = || {
        plumb_reference::spawn_http(Reference { rules: Rules::SPEC, options: Options::default() })
    };
    let (one, other) = (start().await.expect("starts"), start().await.expect("starts"));
    let reach = |url: &str| Reach { url: url.to_owned(), ..Reach::default() };
    let id = "tasks.durable-create-consistency";
    let options = judge::options(Target::Url(reach(&one.url)), &[id]);
    let replicas = Replicas { count: 0, others: vec![reach(&other.url)] };
    let report = judge::report(plumb_runner::Options { replicas, ..options }).await;
    let verdict = judge::verdict(&report, id);
    assert!(matches!(verdict, Some(Verdict::Held | Verdict::Unverified { .. })), "{verdict:?}");
}

/// Where one request waits for the other, few of the calls that are cancelled have begun, and what they leave behind is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_works_in_turn_is_not_said_to_free_or_to_keep_what_was_cancelled() {
    let options = Options { works_in_turn: true, ..Options::default() };
    one_waits_for_the_other(&options, "cancel.server-free").await;
}

/// Who reads nothing while it works has not seen a cancellation before the work is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_reads_in_turn_says_nothing_for_what_it_knows_to_be_cancelled() {
    let options = Options { reads_in_turn: true, ..Options::default() };
    one_waits_for_the_other(&options, "stdio.cancel-no-more-messages").await;
}

/// That a check is unverified since one request waits for the other.
async fn one_waits_for_the_other(options: &Options, id: &str) {
    let report = judge::over_stdio(options, &[id]).await;
    let verdict = judge::verdict(&report, id);
    let waits = |why: &str| why.contains("one request waits for the other");
    assert!(matches!(verdict, Some(Verdict::Unverified { why, .. }) if waits(why)), "{verdict:?}");
}

/// What updates a resource is known by what it takes and does, not by its name.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_missed_whatever_the_tool_is_called() {
    let id = "subs.deliver-updates";
    let choices = || Options { own_names: true, ..Options::default() };
    let right = judge::in_process(Rules::SPEC, choices(), &[id]).await;
    assert_eq!(judge::verdict(&right, id), Some(&Verdict::Held));
    let rules = Rules { watched_changes_delivered: false, ..Rules::SPEC };
    let wrong = judge::in_process(rules, choices(), &[id]).await;
    let verdict = judge::verdict(&wrong, id);
    assert!(matches!(verdict, Some(Verdict::Violated { .. })), "{verdict:?}");
}

/// Over standard streams those that get along are judged together: one run says as much as one each.
#[tokio::test(flavor = "multi_thread")]
async fn legal_variants_stay_green_over_stdio() {
    let mut together = Options::default();
    let (mut names, mut apart) = (Vec::new(), Vec::new());
    for (name, vary) in VARIANTS.iter().filter(|(_, vary)| shows_over_stdio(*vary)) {
        if APART.contains(name) {
            let mut alone = Options::default();
            vary(&mut alone);
            apart.push((*name, alone));
        } else {
            vary(&mut together);
            names.push(*name);
        }
    }
    let runs = apart.into_iter().chain([("all others at once", together)]);
    let found: Vec<String> = stream::iter(runs)
        .map(|(name, options)| async move {
            wrong(&format!("{name}, over stdio"), &judge::over_stdio(&options, &[]).await)
        })
        .buffer_unordered(2)
        .concat()
        .await;
    assert!(found.is_empty(), "{names:?}: {found:#?}");
}

/// A server that owns a device or a file runs once at a time, whoever of two that were started at once comes first. Nothing is
/// held against it that another process was asked, and what one process shows is judged; what only several show is unverified, since
/// nothing stood in the way but the server's own conduct.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_once_at_a_time_is_judged_by_one_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut found = Vec::new();
    for (name, start_delay) in [("at once", Duration::ZERO), ("late", Duration::from_millis(150))] {
        let lock = Some(folder.path().join(name));
        let options = Options { lock, start_delay, ..Options::default() };
        let report = judge::over_stdio(&options, &[]).await;
        found.extend(wrong(name, &report));
        let held = report.checks.iter().filter(|c| c.verdict == Verdict::Held).count();
        assert!(held > 250, "{held} held: what one process shows is enough for most");
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Choices that do not go together with others: each takes away what another one adds.
const APART: [&str; 3] = [
    "lists that change five times a second",
    "templates of which few ids exist, and a directory",
    "empty lists of what is not offered",
];

fn wrong(name: &str, report: &Report) -> Vec<String> {
    let wrong = |l: &String| l.contains("Violated") || l.contains("Inconclusive");
    judge::not_held(report)
        .into_iter()
        .filter(wrong)
        .map(|line| format!("{name}: {line}"))
        .collect()
}

fn shows_over_stdio(vary: fn(&mut Options)) -> bool {
    let mut options = Options::default();
    let plain = serde_json::to_value(&options).expect("choices serialise");
    vary(&mut options);
    let varied = serde_json::to_value(&options).expect("choices serialise");
    let differs = |name: &&String| plain.get(name.as_str()) != varied.get(name.as_str());
    let mut names = varied.as_object().into_iter().flat_map(|map| map.keys()).filter(differs);
    names.any(|name| !HTTP_ONLY.contains(&name.as_str()))
}
