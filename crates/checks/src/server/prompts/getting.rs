//! server/prompts#getting-a-prompt.

use std::collections::BTreeMap;

use plumb_flows::listing::{Connection, PROMPTS, walk};
use plumb_runner::{Bench, Finding, Judgement, Observed, Probe, Prop, check, clip};
use plumb_wire::{codes, method};
use serde_json::{Value, json};

/// So many prompts are got without arguments.
const WITHOUT: usize = 2;

check! {
    /// **Observed:** listed prompts (the first and the last of the list) are got with their required arguments, and
    /// are not refused as if they did not exist. A prompt with arguments, required or not, that refuses Plumb's made-up
    /// values is not judged, nor is one that fails inside. No name stands for two prompts, since only one could be got.
    ///
    /// **Why:** users pick prompts from the list.
    ///
    /// **Fix:** list the name exactly as `prompts/get` compares it, and each one once.
    pub(crate) LISTED = "prompts.get.listed";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    scenario: listed
}

async fn listed(bench: &Bench) -> Judgement {
    for (n, answer) in bench.survey().fetched_prompts.iter().enumerate() {
        let name =
            answer.params().and_then(|p| p.get("name")).and_then(Value::as_str).unwrap_or_default();
        bench.note(answer);
        let finding = if answer.is_accepted() {
            Finding::Held
        } else if unknown(answer) && !takes_arguments(bench, name) {
            // The list may have changed since it was read.
            let again = bench.send(super::errors::get(name, json!({}))).await?;
            let still = walk(bench, &Connection::Shared, PROMPTS, 20).await?;
            let still = still.items().any(|p| p.get("name").is_some_and(|n| n == name));
            Finding::expect(!(still && unknown(&again)), "`messages` of a listed prompt", || {
                again.describe()
            })
        } else {
            Finding::unseen(answer.describe(), "let the prompt take any text for its arguments")
        };
        bench.case(
            &format!("listed-{}", n + 1),
            format!("getting {:?}", clip(name, 120)),
            Ok(finding),
        );
    }
    let items: Vec<&Value> = bench.survey().prompts.items.iter().map(|i| &i.value).collect();
    if twice(&items).is_some() {
        // An item that moved to another page while the survey read them came twice by chance.
        let now = walk(bench, &Connection::Shared, PROMPTS, 40).await?;
        let items: Vec<&Value> = now.items().collect();
        let judged = match twice(&items) {
            Some(name) => Finding::violated(
                "a name of its own for each listed prompt",
                format!("{name:?} is listed with two definitions"),
            ),
            None => Finding::Held,
        };
        bench.case("one-name-each", "the names of the list", Ok(judged));
    }
    bench.conclude()
}

/// Whether an answer says that there is no such prompt.
fn unknown(answer: &Observed) -> bool {
    answer.code().is_some_and(|c| [codes::INVALID_PARAMS, codes::METHOD_NOT_FOUND].contains(&c))
}

/// Whether the list says that a prompt takes arguments: which of the optional ones it needs together, it cannot say.
fn takes_arguments(bench: &Bench, name: &str) -> bool {
    let mut prompts = bench.survey().prompts.items.iter().filter(|p| p.value["name"] == name);
    prompts.any(|p| p.value["arguments"].as_array().is_some_and(|a| !a.is_empty()))
}

/// The first name that two different prompts have.
fn twice<'a>(items: &[&'a Value]) -> Option<&'a str> {
    let mut seen: BTreeMap<&str, &Value> = BTreeMap::new();
    items.iter().find_map(|item| {
        let name = item.get("name")?.as_str()?;
        seen.insert(name, item).filter(|other| other != item).map(|_| name)
    })
}

check! {
    /// **Observed:** a prompt that takes no arguments is got without the member `arguments`: its messages come, as they do
    /// with an empty object.
    ///
    /// **Why:** the schema of the request does not require the member, and clients leave it out where there is nothing to
    /// say.
    ///
    /// **Fix:** read absent `arguments` as `{}`.
    pub(crate) ARGUMENTS_OPTIONAL = "schema.get-prompt.arguments-optional";
    applies: [Declares(Prompts)];
    scenario: arguments_optional
}

async fn arguments_optional(bench: &Bench) -> Judgement {
    let names = bench.survey().prompts.items.iter().filter_map(|p| p.value["name"].as_str());
    for name in names.filter(|name| !takes_arguments(bench, name)).take(WITHOUT) {
        if !bench.send(super::errors::get(name, json!({}))).await?.is_accepted() {
            continue;
        }
        let seen = bench.send(Probe::request(method::PROMPTS_GET, json!({"name": name}))).await?;
        let got = seen.settled()?.is_accepted();
        let finding = Finding::expect(got, "`messages`", || seen.describe());
        let title = format!("{:?} without the member `arguments`", clip(name, 120));
        bench.case(&clip(name, 60), title, Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** a prompt is got with two sets of values: they show in its messages, or the messages differ by them,
    /// and do not differ by themselves. The same messages for other values break the rule in `test_prompt_with_arguments`, which
    /// is there to show its arguments; those of a stranger may choose instead of being shown.
    ///
    /// **Why:** arguments are all that a user can say to a prompt.
    ///
    /// **Fix:** read `params.arguments` by the names that are listed.
    pub(crate) ARGUMENTS_USED = "prompts.get.arguments-used";
    since: "2025-03-26";
    applies: [Declares(Prompts)];
    needs: [PromptWithArguments];
    scenario: arguments_used
}

/// Values unlike each other in every respect that a prompt may sum up.
const VALUES: [&str; 2] = ["plumb", "an altogether different, much longer line of words"];

async fn arguments_used(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::PromptWithArguments)?;
    let mut told: Vec<String> = Vec::new();
    let mut shown = true;
    // The first values once more tell whether the messages change by themselves.
    for value in [VALUES[0], VALUES[1], VALUES[0]] {
        let of = |(n, name): (usize, &String)| {
            let number = bench.seed() % 1_000 + n as u64;
            (name.clone(), json!(format!("{value} {number}")))
        };
        let given: serde_json::Map<String, Value> =
            found.arguments.keys().enumerate().map(of).collect();
        let texts: Vec<String> =
            given.values().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let answer = bench.send(super::errors::get(&found.name, Value::Object(given))).await?;
        let Some(messages) = messages(&answer) else {
            return Ok(Finding::unseen(
                format!("the prompt does not take any text: {}", answer.describe()),
                "offer a prompt that does",
            ));
        };
        shown &= texts.iter().all(|text| messages.contains(text));
        told.push(messages);
    }
    Ok(if shown {
        Finding::Held
    } else if told[0] != told[2] {
        Finding::unseen("the prompt's messages change by themselves", "let it show its arguments")
    } else if told[0] != told[1] {
        Finding::Held
    } else if found.name == "test_prompt_with_arguments" {
        Finding::violated(
            format!("other messages for {:?} than for {:?}", VALUES[1], VALUES[0]),
            format!("both times {}", clip(&told[0], 200)),
        )
    } else {
        Finding::unseen(
            "the prompt does not show its arguments",
            "offer test_prompt_with_arguments",
        )
    })
}

fn messages(answer: &Observed) -> Option<String> {
    Some(answer.complete()?.get("messages")?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plumb_recorded::{complete, error, stdio};

    #[test]
    fn one_name_with_two_definitions_is_found() {
        let one = json!({"name": "a"});
        let two = json!({"name": "a", "title": "another"});
        assert_eq!(twice(&[&one, &two]), Some("a"));
        assert_eq!(twice(&[&one, &one]), None);
    }

    #[test]
    fn a_prompt_that_fails_is_no_unknown_one() {
        let got = |answer: &Value| {
            unknown(&stdio("prompts/get", json!({}), std::slice::from_ref(answer)))
        };
        assert!(got(&error(-32602)));
        assert!(!got(&error(-32603)));
        assert!(!got(&complete(json!({"messages": []}))));
    }
}
