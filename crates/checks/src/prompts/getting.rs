//! server/prompts#getting-a-prompt.

use std::collections::BTreeMap;

use plumb_runner::{Bench, Finding, Judgement, Observed, Prop, check, clip};
use plumb_wire::codes;
use serde_json::{Value, json};

use crate::listing::{PROMPTS, Way, walk};

check! {
    /// **Observed:** listed prompts (the first and the last of the list) are got with their required arguments, and
    /// are not refused as if they did not exist. A prompt with arguments, required or not, that refuses Plumb's made-up
    /// values is not judged, nor is one that fails inside. No name stands for two prompts, since only one could be got.
    ///
    /// **Why:** users pick prompts from the list.
    ///
    /// **Fix:** list the name exactly as `prompts/get` compares it, and each one once.
    pub(crate) LISTED = "prompts.get.listed";
    applies: [Declares("prompts")];
    scenario: listed
}

async fn listed(bench: &Bench) -> Judgement {
    for answer in &bench.survey().gotten {
        let name =
            answer.params().and_then(|p| p.get("name")).and_then(Value::as_str).unwrap_or_default();
        bench.note(answer);
        let finding = if answer.is_accepted() {
            Finding::Held
        } else if unknown(answer) && !takes_arguments(bench, name) {
            // The list may have changed since it was read.
            let again = bench.send(super::errors::get(name, json!({}))).await?;
            let still = walk(bench, &Way::Shared, PROMPTS, 20).await?;
            let still = still.items().any(|p| p.get("name").is_some_and(|n| n == name));
            Finding::expect(!(still && unknown(&again)), "`messages` of a listed prompt", || {
                again.describe()
            })
        } else {
            Finding::unseen(answer.describe(), "let the prompt take any text for its arguments")
        };
        bench.case(
            &format!("listed-{}", answer.seq()),
            format!("getting {:?}", clip(name, 120)),
            Ok(finding),
        );
    }
    let items: Vec<&Value> = bench.survey().prompts.items.iter().map(|i| &i.value).collect();
    if twice(&items).is_some() {
        // An item that moved to another page while the survey read them came twice by chance.
        let now = walk(bench, &Way::Shared, PROMPTS, 40).await?;
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
    /// **Observed:** `test_prompt_with_arguments`, or the prompt named as prop, shows the values of its arguments in
    /// its messages, other values other messages. A stranger's prompt that shows none is not judged: its
    /// arguments may choose instead of being shown.
    ///
    /// **Why:** arguments are all that a user can say to a prompt.
    ///
    /// **Fix:** read `params.arguments` by the names that are listed.
    pub(crate) ARGUMENTS_USED = "prompts.get.arguments-used";
    applies: [Declares("prompts")];
    needs: [PromptWithArguments];
    scenario: arguments_used
}

async fn arguments_used(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::PromptWithArguments)?;
    for round in ["first", "second"] {
        let given = found
            .arguments
            .keys()
            .map(|name| (name.clone(), json!(format!("plumb-{round}-{}", bench.seed() % 1_000))));
        let arguments: serde_json::Map<String, Value> = given.collect();
        let values: Vec<String> =
            arguments.values().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let answer = bench.send(super::errors::get(&found.name, Value::Object(arguments))).await?;
        let shown = all_shown(&answer, &values);
        let finding = if shown {
            Finding::Held
        } else if found.name == "test_prompt_with_arguments" {
            Finding::violated(
                format!("messages that show {}", values.join(" and ")),
                answer.describe(),
            )
        } else {
            Finding::unseen(
                "the prompt does not show its arguments",
                "offer test_prompt_with_arguments",
            )
        };
        bench.case(round, format!("the {round} values for {}", found.name), Ok(finding));
    }
    bench.conclude()
}

fn all_shown(answer: &Observed, values: &[String]) -> bool {
    let messages = answer.complete().and_then(|r| r.get("messages")).map(Value::to_string);
    messages.is_some_and(|text| values.iter().all(|v| text.contains(v)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::plain::{error, exchange, result};

    #[test]
    fn one_name_with_two_definitions_is_found() {
        let one = json!({"name": "a"});
        let two = json!({"name": "a", "title": "another"});
        assert_eq!(twice(&[&one, &two]), Some("a"));
        assert_eq!(twice(&[&one, &one]), None);
    }

    #[test]
    fn a_prompt_that_fails_is_no_unknown_one() {
        let got = |answer: &Value| unknown(&exchange("prompts/get", &json!({}), answer));
        assert!(got(&error(-32602)));
        assert!(!got(&error(-32603)));
        assert!(!got(&result(json!({"messages": []}))));
    }
}
