//! server/resources#resource-templates.

use std::future::{Ready, ready};

use plumb_runner::{Bench, Finding, Judgement, Probe, Prop, check, clip};
use serde_json::{Value, json};

use super::uri::template_flaw;

check! {
    /// **Observed:** every `uriTemplate` follows the grammar of RFC 6570: expressions are closed, operators and
    /// modifiers are those of the RFC, names consist of letters, digits, `_`, `.` and escapes.
    ///
    /// **Why:** clients expand templates with a library, which refuses the whole template.
    ///
    /// **Fix:** write `{name}`, `{+path}` or `{?query}`; a route syntax such as `:name` or `<name>` is none.
    pub(crate) RFC6570 = "resources.templates.rfc6570";
    applies: [Declares("resources")];
    scenario: rfc6570
}

fn rfc6570(bench: &Bench) -> Ready<Judgement> {
    let templates = &bench.survey().templates.items;
    for item in templates {
        bench.note_seq(item.seq);
        let Some(text) = item.value.get("uriTemplate").and_then(Value::as_str) else { continue };
        if let Some(why) = template_flaw(text) {
            let actual = format!("{:?} has {why}", clip(text, 120));
            return ready(Ok(Finding::violated("a URI template by RFC 6570", actual)));
        }
    }
    ready(Ok(if templates.is_empty() {
        Finding::unseen("no resource template is listed", Prop::Template.how_to_enable())
    } else {
        Finding::Held
    }))
}

/// The template of the official fixture.
const FIXTURE: &str = "test://template/{id}/data";

check! {
    /// **Observed:** a listed template, expanded, can be read: that of the official fixture
    /// (`test://template/{id}/data`) with several values, which its contents show, and the one named as prop or
    /// found by the survey. A stranger's template that takes none of Plumb's values is not judged.
    ///
    /// **Why:** a template that leads nowhere is a promise to every client that fills it in.
    ///
    /// **Fix:** match the read URI against the template and decode its variables.
    pub(crate) EXPAND = "resources.templates.expand";
    applies: [Declares("resources")];
    scenario: expand
}

async fn expand(bench: &Bench) -> Judgement {
    let listed = |text: &str| {
        bench
            .survey()
            .templates
            .items
            .iter()
            .any(|t| t.value.get("uriTemplate").is_some_and(|u| u == text))
    };
    if listed(FIXTURE) {
        for (slug, value) in [("number", "123"), ("word", "plumb"), ("mixed", "a-1.b_2~c")] {
            let answer = bench.send(read(&FIXTURE.replace("{id}", value))).await?;
            let shows = contents(&answer)
                .any(|c| c.get("text").and_then(Value::as_str).is_some_and(|t| t.contains(value)));
            let finding = Finding::expect(shows, format!("contents that show {value:?}"), || {
                answer.describe()
            });
            bench.case(slug, format!("{FIXTURE} with {value:?}"), Ok(finding));
        }
    }
    if let Some(found) = bench.survey().prop(Prop::Template).filter(|f| f.name != FIXTURE)
        && let Some(uri) = &found.about
    {
        let answer = bench.send(read(uri)).await?;
        let readable = answer.input_required().is_some() || contents(&answer).next().is_some();
        let finding =
            Finding::expect(readable, "contents of an expanded template", || answer.describe());
        bench.case("found", format!("{} expanded to {uri}", found.name), Ok(finding));
    }
    bench.conclude()
}

fn read(uri: &str) -> Probe {
    Probe::request("resources/read", json!({"uri": uri}))
}

fn contents(answer: &plumb_runner::Observed) -> impl Iterator<Item = &Value> {
    answer
        .complete()
        .and_then(|r| r.get("contents"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}
