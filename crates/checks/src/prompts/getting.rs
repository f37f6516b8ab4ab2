//! server/prompts#getting-a-prompt.

use plumb_runner::{Bench, Finding, Judgement, Observed, Prop, check, clip};
use plumb_wire::codes;
use serde_json::{Value, json};

use crate::listing::{PROMPTS, Way, walk};

check! {
    /// **Observed:** listed prompts (the first and the last of the list) are got with their required arguments, and
    /// give `messages` or ask for input. A prompt with arguments that refuses Plumb's made-up values is not
    /// judged, nor is one that fails inside.
    ///
    /// **Why:** users pick prompts from the list.
    ///
    /// **Fix:** list the name exactly as `prompts/get` compares it.
    pub(crate) LISTED = "prompts.get.listed";
    applies: [Declares("prompts")];
    scenario: listed
}

async fn listed(bench: &Bench) -> Judgement {
    for answer in &bench.survey().gotten {
        let name =
            answer.params().and_then(|p| p.get("name")).and_then(Value::as_str).unwrap_or_default();
        let plain =
            answer.params().and_then(|p| p.get("arguments")).is_none_or(|a| *a == json!({}));
        bench.note(answer);
        let refused = answer
            .code()
            .is_some_and(|c| [codes::INVALID_PARAMS, codes::METHOD_NOT_FOUND].contains(&c));
        let given =
            answer.complete().is_some_and(|r| r.get("messages").is_some_and(Value::is_array));
        let finding = if given || answer.input_required().is_some() {
            Finding::Held
        } else if answer.is_accepted() || (refused && plain) {
            // The list may have changed since it was read.
            let still = walk(bench, &Way::Shared, PROMPTS, 20).await?;
            let still = still.items().any(|p| p.get("name").is_some_and(|n| n == name));
            Finding::expect(!still, "`messages` of a listed prompt", || answer.describe())
        } else {
            Finding::unseen(answer.describe(), "let the prompt take any text for its arguments")
        };
        bench.case(
            &format!("listed-{}", answer.seq()),
            format!("getting {:?}", clip(name, 120)),
            Ok(finding),
        );
    }
    bench.conclude()
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
