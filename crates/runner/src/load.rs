//! A short, bounded load behind a balancer of ours: requests whose own answers are known by what they carry go to the replicas
//! of a server by turns, while those are killed and come back, if that is wanted.
//!
//! It judges correctness and never speed: an answer is wrong if it does not show what its request carried, swapped if it
//! shows what another one did, and lost if none came though nothing had befallen the replica.

mod balancer;
mod course;
mod judge;
mod mix;
mod tally;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use plumb_model::load::{LOAD_FORMAT, Load};
use plumb_model::{Edition, Secrets};
use plumb_wire::Limits;

use crate::errors::{ContactError, RunError};
use crate::pace::Pace;
use crate::published::Published;
use crate::record::Recorder;
use crate::replicas::{self, Replicas};
use crate::tempo::Tempo;
use crate::{AllowCalls, Target};
use balancer::Balancer;
use course::Course;

pub use mix::{Mix, Shot, Shows};

/// Requests that are in flight at once, at most, whatever the pace.
const MOST: usize = 256;

/// What is loaded, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The revision that is spoken.
    pub edition: Arc<Edition>,
    /// The server.
    pub target: Target,
    /// Its replicas.
    pub replicas: Replicas,
    /// The tools that may be called beside those that say that they only read.
    pub allow_calls: AllowCalls,
    /// Bounds of each answer.
    pub limits: Limits,
    /// What must not be written.
    pub secrets: Secrets,
    /// Requests are sent for so long.
    pub duration: Duration,
    /// How they are paced.
    pub rhythm: Rhythm,
    /// Whether replicas are killed by turns, and come back.
    pub kill: bool,
    /// Wall-clock time, RFC 3339.
    pub started: String,
}

/// How requests are paced.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rhythm {
    /// So many at once, each after the answer to the one before.
    AtOnce(usize),
    /// So many a second, however long answers take.
    EachSecond(f64),
}

impl Rhythm {
    fn words(self) -> String {
        match self {
            Self::AtOnce(n) => format!("{n} at once"),
            Self::EachSecond(rate) => format!("{rate} a second"),
        }
    }
}

/// Finds out what of a target can be asked over and over, with what the answers are known by: each kind of request was
/// answered twice.
///
/// # Errors
///
/// The target could not be started or reached, or speaks another revision.
pub async fn mix(options: &Options) -> Result<Mix, RunError> {
    let one = Options { replicas: Replicas::default(), ..options.clone() };
    let (course, _, _shared) = readied(&one).await?;
    let mix = course.mix().clone();
    Arc::new(course).end().await;
    Ok(mix)
}

/// A load that can begin, the name of the server, and the folder that its processes share, if they do.
async fn readied(
    options: &Options,
) -> Result<(Course, Option<String>, Option<tempfile::TempDir>), RunError> {
    let (edition, secrets) = (Arc::clone(&options.edition), options.secrets.clone());
    let (limits, allow) = (&options.limits, &options.allow_calls);
    let survey = crate::survey_only(edition, &options.target, limits, secrets, allow).await?;
    if let Some(version) = &survey.legacy_only {
        let revision = options.edition.revision.clone();
        return Err(ContactError::OtherRevision { revision, supported: version.clone() }.into());
    }
    let recorder = Arc::new(silent(options));
    let shared = replicas::shares(&options.target).then(tempfile::tempdir).transpose()?;
    let target = match &shared {
        Some(folder) => replicas::sharing(options.target.clone(), folder.path()),
        None => options.target.clone(),
    };
    let replicas = options.replicas.clone().or_usual(&target);
    let balancer = Balancer::start(&target, &replicas, limits, &recorder).await?;
    let course = Course::of(Mix::of(&survey, &options.edition), balancer, options).await;
    if course.mix().shots.is_empty() {
        Arc::new(course).end().await;
        let why = "it answers nothing twice that could be asked over and over";
        return Err(ContactError::NotMcp(why.into()).into());
    }
    Ok((course, survey.server, shared))
}

/// Loads a server until the time is over or `stop` resolves; nothing was asked if that was before the server was ready. What is
/// written of it holds no secret.
///
/// # Errors
///
/// The target could not be started or reached, speaks another revision, or answers nothing that could be asked again.
pub async fn load(
    options: Options,
    stop: impl Future<Output = ()>,
) -> Result<Option<Load>, RunError> {
    let mut stop = std::pin::pin!(stop);
    let (course, server, _shared) = tokio::select! {
        readied = readied(&options) => readied?,
        // What was started is dropped, and ends.
        () = &mut stop => return Ok(None),
    };
    let course = Arc::new(course);
    let ended = course.run(stop).await;
    let load = Load {
        format: LOAD_FORMAT,
        plumb: env!("CARGO_PKG_VERSION").into(),
        revision: options.edition.revision.clone(),
        started: options.started.clone(),
        target: options.target.address(),
        server,
        took: u64::try_from(ended.took.as_micros()).unwrap_or(u64::MAX),
        interrupted: ended.interrupted,
        pace: options.rhythm.words(),
        ..course.told()
    };
    course.end().await;
    Ok(Some(load.redacted(&options.secrets)))
}

/// A recorder that tells nobody: a load keeps no exchange but the first ones at fault.
fn silent(options: &Options) -> Recorder {
    Recorder::new(
        Arc::clone(&options.edition),
        options.secrets.clone(),
        Box::new(|_| {}),
        Tempo::new(options.limits.answer),
        Pace::new(MOST, None),
        options.limits.account.clone(),
        Published::within(0),
    )
}
