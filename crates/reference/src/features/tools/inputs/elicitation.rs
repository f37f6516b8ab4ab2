//! Tools that ask the user, by a form or by a page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::questions::{gather, name_form};
use crate::call::Call;
use crate::features::forms;
use crate::features::mrtr::Input;
use crate::features::outcome::{Outcome, said};
use crate::meta::Level;
use crate::seal::random_name;
use crate::transport::Transport;

pub(super) async fn named(call: &Call, key: &str) -> Outcome {
    gather(call, vec![(key, name_form())], |call, answers| {
        Ok(match answers.content(call, key)? {
            Some(content) => {
                said(format!("Hello, {}!", content["name"].as_str().unwrap_or("whoever you are")))
            }
            None => said("No name was given: nobody is greeted."),
        })
    })
    .await
}

/// Asks on a stream that has begun.
pub(super) async fn streaming(call: &Call) -> Outcome {
    let (rules, form) = (call.rules(), name_form());
    if call.params.get("inputResponses").is_none() {
        form.declared(call)?;
        call.progress(1, 2, "about to ask").await;
        call.log(Level::Info, "inputs", json!({ "step": "about to ask" })).await;
        let http = call.transport == Transport::Http;
        if (http && !rules.no_requests_on_streams) || (!http && !rules.no_requests_on_stdout) {
            call.outbox.send(form.as_request(call, "user_name")).await;
        }
    }
    named(call, "user_name").await
}

pub(super) async fn linked(call: &Call, arguments: &Map<String, Value>) -> Outcome {
    let rules = call.rules();
    let mut url = format!("https://plumb.example/connect?request={}", random_name());
    if !rules.url_without_personal_data {
        let email = arguments.get("email").and_then(Value::as_str).unwrap_or("ada@example.com");
        let name = call
            .meta
            .client_info
            .as_ref()
            .map_or("nobody", |info| info["name"].as_str().unwrap_or_default());
        url = format!("{url}&email={email}&user={name}");
    }
    if !rules.url_without_encoded_data {
        let email = arguments.get("email").and_then(Value::as_str).unwrap_or("ada@example.com");
        url = format!("{url}&login={}", URL_SAFE_NO_PAD.encode(json!({ "to": email }).to_string()));
    }
    if !rules.url_without_credentials {
        url = format!("{url}&access_token={}", random_name());
    }
    if call.server.options.innocent_words {
        let name = call.meta.client_info.as_ref().and_then(|info| info["name"].as_str());
        url = format!("{url}&client={}", name.unwrap_or("nobody"));
    }
    if !rules.url_over_https {
        url = url.replace("https://", "http://");
    }
    if !rules.url_valid {
        "the usual page".clone_into(&mut url);
    }
    let input = if rules.secrets_by_url {
        Input::Url { message: "Please enter your API key on this page.", url }
    } else {
        Input::Form {
            message: "Please enter your API key.",
            schema: forms::one_field("api_key", "API key"),
        }
    };
    gather(call, vec![("api_key", input)], |call, answers| {
        Ok(match answers.content(call, "api_key")? {
            Some(_) => said("Thank you. Nothing was needed of the key."),
            None => said("Then not."),
        })
    })
    .await
}
