//! Law 5: legal variants stay green.

use futures_util::{StreamExt as _, stream};
use plumb_reference::{Options, Rules, SseMode};

use crate::judge;

type Variant = (&'static str, fn(&mut Options));

/// Runs at once: most of a run is waiting.
const AT_ONCE: usize = 4;

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
    ("a name of 100 characters", |o| o.long_tool_name = true),
];

#[tokio::test(flavor = "multi_thread")]
async fn legal_variants_stay_green() {
    let wrong: Vec<String> = stream::iter(VARIANTS)
        .map(|(name, vary)| async move {
            let mut options = Options::default();
            vary(&mut options);
            let report = judge::in_process(Rules::SPEC, options, &[]).await;
            let wrong = |l: &String| l.contains("Violated") || l.contains("Inconclusive");
            let lines = judge::not_held(&report).into_iter().filter(wrong);
            lines.map(|line| format!("{name}: {line}")).collect::<Vec<_>>()
        })
        .buffer_unordered(AT_ONCE)
        .concat()
        .await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}
