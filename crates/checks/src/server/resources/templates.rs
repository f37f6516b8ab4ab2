//! server/resources#resource-templates.

use std::collections::BTreeMap;
use std::future::{Ready, ready};

use plumb_flows::completion::{complete, values};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, Trouble, check, clip};
use plumb_wire::uri::template;
use plumb_wire::{Capability, method};
use serde_json::{Value, json};

use super::reading::missing;

check! {
    /// **Observed:** every `uriTemplate` follows the grammar of RFC 6570: expressions are closed, operators and
    /// modifiers are those of the RFC, names consist of letters, digits, `_`, `.` and escapes.
    ///
    /// **Why:** clients expand templates with a library, which refuses the whole template.
    ///
    /// **Fix:** write `{name}`, `{+path}` or `{?query}`; a route syntax such as `:name` or `<name>` is none.
    pub(crate) RFC6570 = "resources.templates.rfc6570";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: rfc6570
}

fn rfc6570(bench: &Bench) -> Ready<Judgement> {
    let templates = &bench.survey().templates.items;
    for item in templates {
        bench.note_seq(item.seq);
        let Some(text) = item.value.get("uriTemplate").and_then(Value::as_str) else { continue };
        if let Some(why) = template::flaw(text) {
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

/// The template of the official fixture, which takes any id.
const FIXTURE: &str = "test://template/{id}/data";

/// At most so many templates are looked at.
const TEMPLATES: usize = 12;

/// At most so many values of a template.
const VALUES: usize = 8;

/// So many values of a kind stand for all of it: one of them may name nothing.
const KIND: usize = 2;

/// A template with more variables than this is not completed: each takes a request, with all values before it.
const VARIABLES: usize = 12;

check! {
    /// **Observed:** the official template `test://template/{id}/data` is expanded to the id 123, and if there is such an id
    /// the contents show it. Of all templates the values that the server itself completes are judged: one of them at
    /// least gives contents. Where some of them have spaces or letters beyond ASCII, which a URI escapes, one of those gives contents,
    /// too: it does if the URI is read once the escapes are left out, or if values without escapes are read.
    /// Where the contents repeat a value, one with a space in it comes back as it was meant, not escaped.
    /// Position: nothing promises that every value has a resource.
    ///
    /// **Why:** a template promises that its URIs can be read.
    ///
    /// **Fix:** match the URI against the template, and decode the escapes of the value; complete only what exists.
    pub(crate) EXPAND = "resources.templates.expand";
    since: "2025-03-26";
    applies: [Declares(Resources)];
    scenario: expands
}

async fn expands(bench: &Bench) -> Judgement {
    let listed = bench.survey().templates.items.iter();
    let templates: Vec<&str> = listed
        .filter_map(|t| t.value.get("uriTemplate")?.as_str())
        .filter(|t| template::flaw(t).is_none())
        .take(TEMPLATES)
        .collect();
    if templates.contains(&FIXTURE) {
        let answer = bench.send(read(&FIXTURE.replace("{id}", "123"))).await?;
        let finding = if missing(&answer) {
            Finding::unseen(answer.describe(), "let every id be read")
        } else {
            Finding::expect(repeats(&answer, "123"), "contents that show \"123\"", || {
                answer.describe()
            })
        };
        bench.case("number", format!("{FIXTURE} with \"123\""), Ok(finding));
    }
    for (n, template) in templates.into_iter().enumerate() {
        if bench.survey().declares(Capability::Completions) {
            let (completed, all) = completed(bench, template).await?;
            if !completed.is_empty() {
                let judged = any_readable(bench, template, &completed, all).await?;
                let title = format!("{} with what completes it", clip(template, 80));
                bench.case(&format!("completed-{}", n + 1), title, Ok(judged));
            }
            if let Some(judged) = escaped(bench, template, &completed).await? {
                let title = format!("{} with what is escaped in it", clip(template, 80));
                bench.case(&format!("escaped-{}", n + 1), title, Ok(judged));
            }
        }
        if let Some(judged) = decoded(bench, template).await? {
            let title = format!("{} with a space in its value", clip(template, 80));
            bench.case(&format!("decoded-{}", n + 1), title, Ok(judged));
        }
    }
    if let Some(found) = bench.survey().prop(Prop::Template).filter(|f| f.name != FIXTURE)
        && let Some(uri) = &found.about
    {
        let answer = bench.send(read(uri)).await?;
        let finding = if is_readable(&answer) {
            Finding::Held
        } else {
            Finding::unseen(format!("{uri} was there and is gone"), "let it be read")
        };
        bench.case("found", format!("{} expanded to {uri}", found.name), Ok(finding));
    }
    bench.conclude()
}

/// What stands for the variables of a template.
type Values = BTreeMap<String, String>;

/// Values of the variables that the server completes, each variable after those before it, and whether these are all.
async fn completed(bench: &Bench, template: &str) -> Result<(Vec<Values>, bool), Trouble> {
    let reference = json!({"type": "ref/resource", "uri": template});
    let mut chosen = Values::new();
    let names = template::variables(template);
    let Some((last, before)) = names.split_last().filter(|(_, before)| before.len() < VARIABLES)
    else {
        return Ok((Vec::new(), false));
    };
    let mut all = true;
    for name in before {
        let suggested = suggested(bench, &reference, name, &chosen).await?;
        all &= suggested.len() == 1;
        let Some(value) = suggested.into_iter().next() else {
            return Ok((Vec::new(), false));
        };
        chosen.insert(name.clone(), value);
    }
    let suggested = suggested(bench, &reference, last, &chosen).await?;
    let with = |value| {
        let mut values = chosen.clone();
        values.insert(last.clone(), value);
        values
    };
    Ok((suggested.into_iter().map(with).collect(), all))
}

async fn suggested(
    bench: &Bench,
    reference: &Value,
    name: &str,
    chosen: &Values,
) -> Result<Vec<String>, Trouble> {
    let mut probe = complete(reference, name, "");
    if !chosen.is_empty() {
        probe = probe.param("context", json!({"arguments": chosen}));
    }
    let answer = bench.send(probe).await?;
    // A path may be completed step by step: what ends in a slash is a step.
    let whole = |value: &&str| !value.is_empty() && !value.ends_with('/');
    Ok(values(&answer).unwrap_or_default().into_iter().filter(whole).map(str::to_owned).collect())
}

/// Whether one value at least has contents; where these are not all, further ones may.
async fn any_readable(bench: &Bench, template: &str, completed: &[Values], all: bool) -> Judgement {
    let mut lost: Vec<(String, Observed)> = Vec::new();
    let mut failed = None;
    for values in completed.iter().take(VALUES) {
        let Some(uri) = template::expand(template, values) else { continue };
        let answer = bench.send(read(&uri)).await?;
        if is_readable(&answer) {
            return Ok(Finding::Held);
        }
        if missing(&answer) {
            lost.push((uri, answer));
        } else {
            failed = Some(answer.describe());
        }
    }
    Ok(match (failed, lost.last()) {
        (None, Some((uri, answer))) if all && completed.len() <= VALUES => Finding::violated(
            format!("contents for one of {} values that the server completes", lost.len()),
            format!("none; {uri}: {}", answer.describe()),
        ),
        (failed, _) => Finding::unseen(
            failed.unwrap_or_else(|| "none of the values that were tried has contents".into()),
            "let what is completed be read",
        ),
    })
}

/// Whether the completed values that are escaped in a URI are found. They are looked up with their escapes, if such a value is
/// found once it stands in the URI as it is, or if none of them is found and others are.
async fn escaped(
    bench: &Bench,
    template: &str,
    completed: &[Values],
) -> Result<Option<Finding>, Trouble> {
    let mut lost = Vec::new();
    for values in completed.iter().filter(|values| are_escaped(values)).take(KIND) {
        let Some(uri) = template::expand(template, values) else { return Ok(None) };
        let answer = bench.send(read(&uri)).await?;
        if is_readable(&answer) {
            return Ok(Some(Finding::Held));
        }
        if !missing(&answer) {
            return Ok(None);
        }
        lost.push((values, uri));
    }
    let Some((values, uri)) = lost.first() else { return Ok(None) };
    let found = match unescaped(template, values) {
        Some(bare) if is_readable(&bench.send(read(&bare)).await?) => Some(bare),
        _ if lost.len() == KIND => found_plain(bench, template, completed).await?,
        _ => None,
    };
    let Some(found) = found else { return Ok(None) };
    // Once more: what shows it comes last.
    let answer = bench.send(read(uri)).await?;
    let expected = format!("contents for {uri}, which completed values give, as for {found}");
    Ok(missing(&answer).then(|| Finding::violated(expected, answer.describe())))
}

/// A URI of values that none escapes, if all that are tried are read.
async fn found_plain(
    bench: &Bench,
    template: &str,
    completed: &[Values],
) -> Result<Option<String>, Trouble> {
    let mut found = Vec::new();
    for values in completed.iter().filter(|values| are_plain(values)).take(KIND) {
        let Some(uri) = template::expand(template, values) else { return Ok(None) };
        if !is_readable(&bench.send(read(&uri)).await?) {
            return Ok(None);
        }
        found.push(uri);
    }
    Ok(if found.len() == KIND { found.pop() } else { None })
}

/// Whether the values have characters that every expansion escapes, and none that only some do.
fn are_escaped(values: &Values) -> bool {
    let plain = |c: char| is_unreserved(c) || c == ' ' || !c.is_ascii();
    values.values().all(|value| value.chars().all(plain)) && !are_plain(values)
}

/// Whether the values stand in every URI as they are.
fn are_plain(values: &Values) -> bool {
    values.values().all(|value| value.chars().all(is_unreserved))
}

/// RFC 3986, section 2.3.
fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~".contains(c)
}

/// The template with the values as they are, which is no URI.
fn unescaped(template: &str, values: &Values) -> Option<String> {
    let place = |n: usize| format!("plumb-place-{n}-");
    let places = values.keys().enumerate().map(|(n, name)| (name.clone(), place(n))).collect();
    let uri = template::expand(template, &places)?;
    let fill = |uri: String, (n, value): (usize, &String)| uri.replace(&place(n), value);
    Some(values.values().enumerate().fold(uri, fill))
}

/// Whether a value with a space comes back decoded, if the template's contents repeat their value at all.
async fn decoded(bench: &Bench, template: &str) -> Result<Option<Finding>, Trouble> {
    let names = template::variables(template);
    let [name] = names.as_slice() else { return Ok(None) };
    let expanded = |value: &str| {
        template::expand(template, &BTreeMap::from([(name.clone(), value.to_owned())]))
    };
    let (Some(plain), Some(spaced)) = (expanded("plumbword"), expanded("plumb word")) else {
        return Ok(None);
    };
    let answer = bench.send(read(&plain)).await?;
    if !repeats(&answer, "plumbword") {
        return Ok(None);
    }
    let answer = bench.send(read(&spaced)).await?;
    if repeats(&answer, "plumb word") {
        return Ok(Some(Finding::Held));
    }
    Ok(repeats(&answer, "plumb%20word").then(|| {
        Finding::violated(
            format!("contents of {spaced} that show \"plumb word\""),
            answer.describe(),
        )
    }))
}

fn read(uri: &str) -> Probe {
    Probe::request(method::RESOURCES_READ, json!({"uri": uri}))
}

fn is_readable(answer: &Observed) -> bool {
    answer.input_required().is_some() || contents(answer).next().is_some()
}

fn contents(answer: &Observed) -> impl Iterator<Item = &Value> {
    answer
        .complete()
        .and_then(|r| r.get("contents"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Whether a text shows a value, beyond repeating the URI that was asked for.
fn repeats(answer: &Observed, value: &str) -> bool {
    let asked =
        answer.params().and_then(|p| p.get("uri")).and_then(Value::as_str).unwrap_or_default();
    let mut texts = contents(answer).filter_map(|c| c.get("text").and_then(Value::as_str));
    texts.any(|text| text.replace(asked, "").contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, stdio};

    fn values(of: &[(&str, &str)]) -> Values {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_every_expansion_escapes_is_told_from_what_some_do() {
        for escaped in ["ada lovelace", "zo\u{eb}"] {
            assert!(are_escaped(&values(&[("name", escaped)])), "{escaped}");
        }
        for other in ["ada", "docs/a b", "a%20b", "a+b c"] {
            assert!(!are_escaped(&values(&[("name", other)])), "{other}");
        }
        assert!(are_plain(&values(&[("name", "ada")])));
        assert!(!are_plain(&values(&[("name", "docs/ada")])));
    }

    #[test]
    fn values_stand_in_a_template_as_they_are() {
        let both = values(&[("of", "a b"), ("name", "zo\u{eb}")]);
        let bare = unescaped("t://{of}/x{?name}", &both);
        assert_eq!(bare.as_deref(), Some("t://a b/x?name=zo\u{eb}"));
    }

    #[test]
    fn contents_repeat_a_value_beyond_the_uri() {
        let read = |text: &str| {
            let contents = json!([{"uri": "t://echo/plumb%20word", "text": text}]);
            stdio(
                "resources/read",
                json!({"uri": "t://echo/plumb%20word"}),
                &[complete(json!({"contents": contents}))],
            )
        };
        assert!(repeats(&read("you said plumb word"), "plumb word"));
        assert!(repeats(&read("you said plumb%20word"), "plumb%20word"));
        // The URI that was asked for is no repetition of its value.
        assert!(!repeats(&read("contents of t://echo/plumb%20word"), "plumb%20word"));
    }
}
