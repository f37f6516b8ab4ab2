//! The audit of a server of an earlier revision: which of the things that it does today the newest one takes away, shown by
//! probes. It judges nothing: what it finds is a list to work off.
//!
//! [`audit`] opens sessions as a client of the day before does, each step looks at one side of the server and tells the
//! findings what it saw, and the catalogue says where that leads.

mod ask;
mod catalogue;
mod findings;
mod ground;
mod inbox;
mod lists;
mod sdk;
mod session;
mod steps;
mod way;

pub(crate) use ask::{fields, initialize};
pub(crate) use inbox::answer;
pub(crate) use session::negotiated;

use std::sync::Arc;
use std::time::Duration;

use plumb_model::audit::{AUDIT_FORMAT, Audit};
use plumb_model::event::TargetInfo;
use plumb_model::{Edition, Role, Secrets};
use plumb_wire::Limits;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::auth::{AuthOptions, Authority};
use crate::errors::ContactError;
use crate::pace::Pace;
use crate::published::Published;
use crate::record::Recorder;
use crate::replicas;
use crate::target::Running;
use crate::tempo::Tempo;
use crate::{AllowCalls, Reach, RunError, Target, TargetError};
use ground::Ground;
use steps::Visit;
use way::Way;

/// What is left undone at the end of the time gets so long to be cleaned up.
const PARTING: Duration = Duration::from_secs(10);

/// What is audited, and how far the audit goes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The revision that the list leads to.
    pub edition: Arc<Edition>,
    /// The server.
    pub target: Target,
    /// Other addresses of the same server.
    pub replicas: Vec<Reach>,
    /// The tools that may be called.
    pub allow_calls: AllowCalls,
    /// Bounds of each answer.
    pub limits: Limits,
    /// The whole audit ends within this time.
    pub budget: Duration,
    /// Room for exchanges in the reports, bytes.
    pub max_report: usize,
    /// What must not be written.
    pub secrets: Secrets,
    /// Wall-clock time, RFC 3339.
    pub started: String,
    /// An authorization server of ours, if the server trusts one.
    pub auth: Option<AuthOptions>,
    /// The seed of everything random.
    pub seed: u64,
}

/// Audits a server. What is written of it holds no secret.
///
/// # Errors
///
/// The server could not be started or reached, or answers as no MCP server does.
pub async fn audit(options: Options) -> Result<Audit, RunError> {
    let deadline = Instant::now() + options.budget;
    let ground = Arc::new(Ground::new(
        Arc::clone(&options.edition),
        options.limits.clone(),
        options.secrets.clone(),
        deadline,
        options.max_report,
    ));
    let recorder = Arc::new(silent(&options));
    let auth = match &options.auth {
        Some(wanted) => Some(Authority::start(wanted, options.seed, &recorder).await?),
        None => None,
    };
    let shared = replicas::shares(&options.target).then(tempfile::tempdir).transpose()?;
    let target = match &shared {
        Some(folder) => replicas::sharing(options.target.clone(), folder.path()),
        None => options.target.clone(),
    };
    let start = Way::to(&target, &options.limits, &recorder, auth.as_deref());
    let late = || TargetError::Address("it did not start within --budget".into());
    let (way, running) = timeout_at(deadline, start).await.map_err(|_| late())??;
    let means =
        Means { options: &options, target: &target, recorder: &recorder, auth: auth.as_deref() };
    let made = made(&ground, &way, &means).await;
    part(running).await;
    Ok(made?.redacted(&options.secrets))
}

/// What further processes of the server are started with.
#[derive(Clone, Copy)]
struct Means<'a> {
    options: &'a Options,
    target: &'a Target,
    recorder: &'a Arc<Recorder>,
    auth: Option<&'a Authority>,
}

impl Means<'_> {
    /// Another process of the server, or another address of it.
    async fn another(&self) -> Option<(Way, Option<Running>)> {
        let limits = &self.options.limits;
        let target = match self.options.replicas.first() {
            Some(reach) => Target::Url(reach.clone()),
            None if self.target.is_command() => self.target.clone(),
            None => return None,
        };
        Way::to(&target, limits, self.recorder, self.auth).await.ok()
    }
}

async fn made(ground: &Arc<Ground>, way: &Way, means: &Means<'_>) -> Result<Audit, ContactError> {
    let begun = std::time::Instant::now();
    let mut visit = Visit::begin(ground, way, means).await?;
    // Every step ends by itself when the time is over; this is for what hangs.
    let all = timeout_at(ground.deadline + PARTING / 2, visit.all()).await;
    let mut remarks = std::mem::take(&mut visit.remarks);
    if all.is_err() || ground.deadline <= Instant::now() {
        remarks.push("the time was over before everything was looked at (--budget)".into());
    }
    let sdk = sdk::recognised(&visit);
    let target = described(&visit, means.options);
    let spoken = visit.spoken.clone();
    // What hangs is ended by its drop.
    let _ = timeout_at(Instant::now() + PARTING, visit.end()).await;
    let mut items = ground.findings.items(&ground.edition, "there was no time to look for it");
    if let Some(sdk) = &sdk {
        for item in &mut items {
            item.in_sdk = sdk::remedy(sdk, &item.id, way.client().is_some());
        }
    }
    let mut audit = Audit {
        format: AUDIT_FORMAT,
        plumb: env!("CARGO_PKG_VERSION").into(),
        revision: ground.edition.revision.clone(),
        started: means.options.started.clone(),
        took: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        target,
        spoken,
        sdk,
        items,
        remarks,
        exchanges: ground.take(),
    };
    audit.keep_evidence_only();
    Ok(audit)
}

fn described(visit: &Visit<'_>, options: &Options) -> TargetInfo {
    let welcome = visit.main.welcome.result();
    let info = welcome.and_then(|result| result.get("serverInfo"));
    let part = |key: &str| info.and_then(|i| i.get(key)).and_then(Value::as_str);
    TargetInfo {
        role: Role::Server,
        address: options.target.address(),
        transport: if visit.way.client().is_some() { "http" } else { "stdio" }.into(),
        era: visit.era().into(),
        server: part("name")
            .map(|n| format!("{n} {}", part("version").unwrap_or("without version"))),
        versions: visit.spoken.clone(),
        capabilities: visit.main.capabilities().clone(),
        notes: Vec::new(),
    }
}

/// What a target is started with, whose own record nobody reads.
fn silent(options: &Options) -> Recorder {
    Recorder::new(
        Arc::clone(&options.edition),
        options.secrets.clone(),
        Box::new(|_| {}),
        Tempo::new(options.limits.answer),
        Pace::new(1, None),
        options.limits.account.clone(),
        Published::within(usize::MAX),
    )
}

async fn part(running: Option<Running>) {
    if let Some(running) = running {
        // Whatever is not gone then is killed by its drop.
        let _ = tokio::time::timeout(PARTING, running.stop()).await;
    }
}
