//! The steps of docs/clients.md.

use std::time::Duration;

use rmcp::ServiceError;
use rmcp::model::{
    CallToolRequestParams, ClientRequest, GetPromptRequestParams, ReadResourceRequestParams, Request,
    SubscriptionFilter, Tool,
};
use rmcp::service::PeerRequestOptions;
use serde_json::Value;

use crate::sign_in::challenge_of;
use crate::{Connected, Failed, Way};

pub fn context() -> Value {
    std::env::var("MCP_CONFORMANCE_CONTEXT").ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// Takes all steps, and gives how many failed.
pub async fn take_all(mut way: Way) -> Result<usize, Failed> {
    let (mut client, mut tools, mut failed) = (way.connect().await?, Vec::new(), 0);
    let mut listening = Vec::new();
    for step in context()["steps"].as_array().into_iter().flatten() {
        if step["do"] == "listen" {
            let (peer, wanted) = (client.peer().clone(), serde_json::from_value(step["notifications"].clone())?);
            listening.push(tokio::spawn(async move { listen(peer, wanted).await }));
            tokio::task::yield_now().await;
            continue;
        }
        for _ in 0..3 {
            let Err(error) = take(step, &client, &mut tools).await else { break };
            let challenge = challenge_of(error.as_ref());
            let again = match &challenge {
                Some(challenge) => way.sign_in(challenge).await,
                None => Err(error),
            };
            if let Err(error) = again {
                eprintln!("{step}: {error}");
                failed += 1;
                break;
            }
            if challenge.is_some_and(|challenge| !challenge.contains("insufficient_scope")) {
                client = way.connect().await?;
            }
        }
    }
    listening.iter().for_each(tokio::task::JoinHandle::abort);
    client.cancel().await?;
    Ok(failed)
}

async fn listen(peer: rmcp::Peer<rmcp::RoleClient>, wanted: SubscriptionFilter) -> Result<(), Failed> {
    let mut subscription = peer.listen(wanted).await?;
    while subscription.next().await?.is_some() {}
    Ok(())
}

async fn take(step: &Value, client: &Connected, tools: &mut Vec<Tool>) -> Result<(), Failed> {
    let text = |name: &str| step[name].as_str().unwrap_or_default().to_owned();
    match (step["do"].as_str(), step["what"].as_str()) {
        (Some("list"), Some("tools")) => *tools = client.list_all_tools().await?,
        (Some("list"), Some("resources")) => drop(client.list_all_resources().await?),
        (Some("list"), _) => drop(client.list_all_prompts().await?),
        (Some("call"), _) => call(step, client).await?,
        (Some("call-each"), _) => {
            for tool in tools {
                if let Err(error) = client.call_tool(CallToolRequestParams::new(tool.name.clone())).await {
                    eprintln!("{}: {error}", tool.name);
                }
            }
        }
        (Some("read"), _) => drop(client.read_resource(ReadResourceRequestParams::new(text("uri"))).await?),
        (Some("get"), _) => drop(client.get_prompt(GetPromptRequestParams::new(text("name"))).await?),
        (Some("complete"), _) => {
            let (prompt, argument) = (step["ref"]["name"].as_str(), &step["argument"]);
            let of = |name: &str| argument[name].as_str().unwrap_or_default();
            client.complete_prompt_simple(prompt.unwrap_or_default(), of("name"), of("value")).await?;
        }
        (Some("wait"), _) => tokio::time::sleep(ms(step, "ms").unwrap_or_default()).await,
        _ => {}
    }
    Ok(())
}

fn ms(step: &Value, name: &str) -> Option<Duration> {
    step[name].as_u64().map(Duration::from_millis)
}

async fn call(step: &Value, client: &Connected) -> Result<(), Failed> {
    let mut params = CallToolRequestParams::new(step["name"].as_str().unwrap_or_default().to_owned());
    params.arguments = step["arguments"].as_object().cloned();
    let (given_up, late) = (ms(step, "cancelAfterMs"), ms(step, "timeoutMs"));
    let Some(patience) = given_up.or(late) else {
        client.call_tool(params).await?;
        return Ok(());
    };
    let request = ClientRequest::CallToolRequest(Request::new(params));
    let handle = client.send_cancellable_request(request, PeerRequestOptions::with_timeout(patience)).await?;
    match handle.await_response().await {
        Err(ServiceError::Timeout { .. }) if given_up.is_some() => Ok(()),
        answer => answer.map(drop).map_err(Into::into),
    }
}
