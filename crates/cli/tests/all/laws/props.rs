//! Props are found by what tools do, whatever their names and however far away the target is.

use std::time::Duration;

use plumb_model::Verdict;
use plumb_reference::{Options, Reference};
use plumb_runner::{AllowCalls, Prop, Reach, Survey, Target};
use plumb_wire::Limits;

use super::judge;
use crate::judging;

/// What a server offers under names of its own, found by calls that were allowed.
const BY_BEHAVIOUR: [(Prop, &str); 5] = [
    (Prop::SlowTool, "work"),
    (Prop::ChangeTools, "plug_in"),
    (Prop::ChangePrompts, "learn_phrase"),
    (Prop::ChangeResources, "put_file"),
    (Prop::UpdateResource, "touch"),
];

fn own_names() -> Options {
    let kept =
        ["test_simple_text", "say_hello", "plug_in", "learn_phrase", "put_file", "touch", "work"];
    let only_tools = Some(kept.map(str::to_owned).to_vec());
    Options { own_names: true, only_tools, ..Options::default() }
}

async fn survey(target: &Target, names: &[&str]) -> Survey {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let allow = AllowCalls { all: false, names };
    let secrets = plumb_model::Secrets::default();
    plumb_runner::survey_only(judging::newest(), target, &Limits::default(), secrets, &allow)
        .await
        .expect("reached")
}

async fn over_http(options: Options, names: &[&str]) -> Survey {
    let running = plumb_reference::spawn_http(Reference::with_options(options)).await;
    let running = running.expect("starts");
    let target = Target::Url(Reach { url: running.url.clone(), ..Reach::default() });
    survey(&target, names).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tools_do_is_found_whatever_their_names() {
    let names = BY_BEHAVIOUR.map(|(_, name)| name);
    let slow = Options { answer_delay: Duration::from_millis(350), ..own_names() };
    let stdio = judge::stdio_of(&own_names());
    let (near, far, piped) = tokio::join!(
        over_http(own_names(), &names),
        over_http(slow, &names),
        survey(&stdio, &names),
    );
    for (place, survey) in [("near", near), ("far", far), ("over stdio", piped)] {
        for (prop, name) in BY_BEHAVIOUR {
            let found = survey.prop(prop).map(|found| found.name.as_str());
            assert_eq!(found, Some(name), "{prop:?} {place}");
        }
        assert_eq!(survey.prop(Prop::Tool).expect("a tool").name, "say_hello", "{place}");
        let watched = survey.prop(Prop::UpdateResource).and_then(|found| found.about.clone());
        assert!(watched.is_some(), "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_not_called() {
    let survey = over_http(own_names(), &[]).await;
    for prop in
        [Prop::ChangeTools, Prop::ChangePrompts, Prop::ChangeResources, Prop::UpdateResource]
    {
        assert!(survey.prop(prop).is_none(), "{prop:?}");
    }
    let listed = survey.tools.items.iter().any(|tool| tool.value["name"] == "plug_in");
    let changed = survey.tools.items.iter().any(|tool| tool.value["name"] == "test_dynamic_tool");
    assert!(listed && !changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_over_stdio_is_found_whatever_its_token() {
    let target = judge::stdio_command(Some("progress_token_given"));
    let report = judge::report(judge::options(target, &["progress.token-echo"])).await;
    let verdict = judge::verdict(&report, "progress.token-echo");
    assert!(matches!(verdict, Some(Verdict::Violated { .. })), "{verdict:?}");
}
