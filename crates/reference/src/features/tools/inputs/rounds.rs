//! Tools that ask for more than one thing, or keep a state between two rounds.

use serde_json::{Map, Value, json};

use super::questions::{gather, name_form, question};
use crate::call::Call;
use crate::features::forms;
use crate::features::mrtr::{self, Gathered, Input};
use crate::features::outcome::{Outcome, failed, said};
use crate::lock::lock;
use crate::message::RpcError;

pub(super) async fn confirmed(call: &Call, words: &str) -> Outcome {
    let schema = json!({
        "type": "object",
        "properties": { "ok": { "type": "boolean", "title": "Go on?" } },
        "required": ["ok"],
    });
    let inputs = [("confirm", Input::Form { message: "Shall I go on?", schema })];
    let retry = mrtr::retry(call)?;
    // An answer without the state that goes with it is the answer to nothing.
    if !retry.stateful
        && retry.responses.contains_key("confirm")
        && call.rules().tampered_state_refused
    {
        let asked = [(inputs[0].0, &inputs[0].1)];
        return mrtr::ask(call, &asked, Some((Map::new(), Value::Null))).await;
    }
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => Ok(match answers.content(call, "confirm")? {
            Some(_) => said(format!("Confirmed: {words}")),
            None => said("Not confirmed: nothing was done."),
        }),
    }
}

pub(super) async fn several(call: &Call) -> Outcome {
    let inputs =
        [("user_name", name_form()), ("greeting", question(call)), ("client_roots", Input::Roots)];
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => {
            let name = answers
                .content(call, "user_name")?
                .map_or("nobody".into(), |content| content["name"].to_string());
            Ok(said(format!(
                "{name}: {} {}",
                answers.get("greeting")["content"],
                answers.get("client_roots")["roots"]
            )))
        }
    }
}

pub(super) async fn two_rounds(call: &Call) -> Outcome {
    let step = |number: &str| Input::Form {
        message: "Next, please.",
        schema: forms::one_field("value", number),
    };
    let first = [("step1", step("First"))];
    if let Gathered::Ask(result) = mrtr::gather(call, &first, true).await? {
        return Ok(result);
    }
    let both = [("step1", step("First")), ("step2", step("Second"))];
    match mrtr::gather(call, &both, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) => {
            let values: Vec<String> = ["step1", "step2"]
                .into_iter()
                .map(|key| {
                    Ok(answers
                        .content(call, key)?
                        .map_or("nothing".into(), |content| content["value"].to_string()))
                })
                .collect::<Result<_, RpcError>>()?;
            Ok(said(format!("Both rounds are done: {}", values.join(", then "))))
        }
    }
}

pub(super) async fn whatever_can_be_had(call: &Call) -> Outcome {
    let mut inputs = vec![
        ("user_name", name_form()),
        ("greeting", question(call)),
        ("client_roots", Input::Roots),
    ];
    inputs.retain(|(_, input)| input.declared(call).is_ok());
    if inputs.is_empty() {
        return Ok(said("There is nothing that this client could be asked for."));
    }
    gather(call, inputs, |_, _| Ok(said("Thank you."))).await
}

pub(super) async fn redeemed(call: &Call) -> Outcome {
    let schema = forms::one_field("confirmation", "Say yes");
    let inputs = [("confirm", Input::Form { message: "Redeem the code?", schema })];
    match mrtr::gather(call, &inputs, true).await? {
        Gathered::Ask(result) => Ok(result),
        Gathered::All(answers) if answers.content(call, "confirm")?.is_some() => {
            let Some(state) = call.params.get("requestState").and_then(Value::as_str) else {
                return Ok(failed("the confirmation belongs to no request of this server"));
            };
            let serial =
                if call.rules().state_used_once_anywhere { 0 } else { call.connection.serial };
            let fresh = lock(&call.server.state.redeemed).insert(&format!("{serial} {state}"), ());
            if fresh || !call.rules().state_used_once {
                return Ok(said("Redeemed."));
            }
            Ok(failed("this was redeemed before"))
        }
        Gathered::All(_) => Ok(said("Nothing was redeemed.")),
    }
}
