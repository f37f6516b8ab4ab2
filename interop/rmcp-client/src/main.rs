//! A client on the `rmcp` SDK that follows the steps of docs/clients.md, as its documentation shows how.
//!
//! `plumb client --steps -- rmcp-client` over Streamable HTTP, with `--stdio` over standard streams.

mod sign_in;
mod steps;

use std::error::Error;
use std::process::ExitCode;

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability,
    FormElicitationCapability, Implementation, ProtocolVersion, UrlElicitationCapability,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, RequestContext, RunningService};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData, RoleClient};
use serde_json::Value;
use tokio::process::Command;

use crate::sign_in::{Manager, challenge_of};

type Failed = Box<dyn Error + Send + Sync>;
type Connected = RunningService<RoleClient, User>;

/// Who answers what a server asks for.
#[derive(Clone)]
struct User;

impl ClientHandler for User {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        let form = FormElicitationCapability::new();
        capabilities.elicitation =
            Some(ElicitationCapability::new().with_form(form).with_url(UrlElicitationCapability::default()));
        ClientConfig::new(capabilities, Implementation::new("rmcp-client", "0.1.0"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let accepted = ElicitResult::new(ElicitationAction::Accept);
        let ElicitRequestParams::FormElicitationParams { requested_schema, .. } = request else { return Ok(accepted) };
        let schema = serde_json::to_value(requested_schema).unwrap_or_default();
        let fields = schema["properties"].as_object().cloned().unwrap_or_default();
        Ok(accepted.with_content(fields.iter().map(|(name, schema)| (name.clone(), fill(schema))).collect()))
    }
}

/// What a user enters: the default, and otherwise the first thing that fits.
fn fill(schema: &Value) -> Value {
    let first = |name: &str| schema[name].get(0).cloned();
    let choice = || Some(first("oneOf").or_else(|| first("anyOf"))?["const"].clone());
    schema.get("default").cloned().or_else(|| first("enum")).or_else(choice).unwrap_or_else(|| {
        match schema["type"].as_str() {
            Some("boolean") => true.into(),
            Some("number" | "integer") => 1.into(),
            Some("array") => vec![fill(&schema["items"])].into(),
            _ => "x".into(),
        }
    })
}

/// A way to a server: an address, or a command that starts it.
struct Way {
    words: Vec<String>,
    /// Who has the tokens, once the user has signed in.
    manager: Option<Manager>,
}

impl Way {
    /// Connects, after signing in where a server asks for it.
    async fn connect(&mut self) -> Result<Connected, Failed> {
        for _ in 0..3 {
            let error = match self.try_to().await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            let Some(challenge) = challenge_of(error.as_ref()) else { return Err(error) };
            self.sign_in(&challenge).await?;
        }
        Err("signing in is of no use".into())
    }

    async fn try_to(&self) -> Result<Connected, Failed> {
        let lifecycle = ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: Some(ProtocolVersion::V_2025_11_25),
        };
        let (first, rest) = self.words.split_first().ok_or("a server is needed")?;
        if !first.starts_with("http") {
            let mut command = Command::new(first);
            command.args(rest);
            return Ok(User.serve_with_lifecycle(TokioChildProcess::new(command)?, lifecycle).await?);
        }
        let config = StreamableHttpClientTransportConfig::with_uri(first.as_str());
        let connected = match &self.manager {
            None => {
                let http = reqwest::Client::default();
                User.serve_with_lifecycle(StreamableHttpClientTransport::with_client(http, config), lifecycle).await
            }
            Some(manager) => {
                let client = manager.client.clone();
                User.serve_with_lifecycle(StreamableHttpClientTransport::with_client(client, config), lifecycle).await
            }
        };
        connected.map_err(|error| match error.auth_challenge() {
            Some(challenge) => sign_in::Challenge(challenge.to_owned()).into(),
            None => error.into(),
        })
    }

    async fn sign_in(&mut self, challenge: &str) -> Result<(), Failed> {
        match &self.manager {
            Some(manager) if challenge.contains("insufficient_scope") => manager.step_up(challenge).await,
            _ => {
                self.manager = Some(Manager::sign_in(&self.words[0], challenge).await?);
                Ok(())
            }
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let way = Way { words: std::env::args().skip(1).collect(), manager: None };
    match steps::take_all(way).await {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}: {error:?}");
            ExitCode::FAILURE
        }
    }
}
