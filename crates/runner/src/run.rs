//! A run: survey, plan, schedule, judge; its only output is a stream of events.

mod ahead;
mod ask;
mod revision;
mod selection;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plumb_model::{Edition, Event, Secrets};
use plumb_wire::Limits;
use tokio::time::{Instant, timeout_at};

use crate::aside::Aside;
use crate::authorization_server::run::Visits;
use crate::authorization_server::{AuthorizationServer, Issuer};
use crate::client::run::Heard;
use crate::errors::{ContactError, RunError};
use crate::options::{Budget, Options};
use crate::pace::Pace;
use crate::published::Published;
use crate::record::{Recorder, Sink};
use crate::rows;
use crate::subject::Subject;
use crate::survey::look::Given;
use crate::tempo::Tempo;
use crate::{AllowCalls, Check, Props, Survey, Target};
use ask::{ask, late, look, sharing};
use revision::share;
use selection::announcement;

pub use revision::{By, Learnt, Made};
pub use selection::Selection;

/// So many requests of a survey alone are in flight at once.
const SURVEYORS: usize = 8;

/// A survey alone may take so long.
const SURVEY_ALONE: Duration = Duration::from_secs(120);

/// Runs the checks of `registry` against a target; events go to `sink`, in order.
///
/// # Errors
///
/// There was nothing to judge.
pub async fn run(
    registry: &[&'static Check],
    options: Options,
    sink: Sink,
) -> Result<(), RunError> {
    run_part(registry, options, sink, By::Given).await.map(drop)
}

/// The same by one of several revisions, or by what the target turns out to speak: the first part of such a run says which
/// revisions follow. Once it was judged by one, a target that does not answer by another is no error: then nothing could be
/// seen, and every check of that revision is inconclusive.
///
/// # Errors
///
/// [`RunError::Earlier`] names the revision of a target that speaks earlier ones only; others as for [`run`].
pub async fn run_part(
    registry: &[&'static Check],
    mut options: Options,
    sink: Sink,
    by: By,
) -> Result<Made, RunError> {
    let selected = Selection::of(&options).checks(registry);
    let sink = rows::told_of_each(registry, sink);
    let share = share(registry, by.known(), &options.edition.revision);
    let deadline = Instant::now() + options.budget.at_first().mul_f64(share);
    let budget = options.budget;
    if selected.is_empty() {
        return Err(RunError::NothingSelected);
    }
    options.packs.retain(|pack| pack.is_for(&options.edition));
    let mut recorder = Recorder::of(&options, sink);
    if let Target::LedClient(listening) = &options.target {
        recorder.clock = listening.clock; // It has waited since before the run.
    }
    recorder.goes_on_behind(by.exchanges(), by.learnt());
    let recorder = Arc::new(recorder);
    let (faults, revisions) = match options.target.clone() {
        Target::AuthorizationServer(issuer) => {
            (visit(&issuer, &selected, options, deadline, &recorder).await?, Vec::new())
        }
        Target::Client(command) => {
            let heard = Heard::play(&command, &options, &recorder, deadline).await?;
            hear(&heard, &selected, &options, deadline, &recorder).await;
            (Vec::new(), Vec::new())
        }
        Target::LedClient(listening) => {
            let heard = Heard::await_client(&listening, &recorder, deadline).await?;
            hear(&heard, &selected, &options, deadline, &recorder).await;
            (Vec::new(), Vec::new())
        }
        // On the heap: whoever awaits a run has its state on the stack otherwise, once for each caller.
        _ => Box::pin(ask(registry, selected, options, deadline, &recorder, &by)).await?,
    };
    let mut remarks = recorder.remarks();
    if matches!(budget, Budget::Within(_)) && Instant::now() >= deadline {
        remarks.push(format!("the time of {budget} s was used up: what it cut off is inconclusive (--budget sets another)"));
    }
    recorder.emit(Event::RunFinished {
        at: recorder.clock.now(),
        internal_faults: faults,
        remarks,
        left_out: 0,
    });
    Ok(Made { revisions, exchanges: recorder.exchanges(), learnt: recorder.learnt() })
}

/// Judges an authorization server; gives the faults of Plumb itself.
async fn visit(
    issuer: &Issuer,
    selected: &[&'static Check],
    mut options: Options,
    deadline: Instant,
    recorder: &Arc<Recorder>,
) -> Result<Vec<String>, RunError> {
    let server = AuthorizationServer::discover(issuer, &options.limits, options.seed, recorder);
    let server = timeout_at(deadline, server)
        .await
        .unwrap_or_else(|_| Err(late()))
        .map_err(|error| explained(error, &options.target))?;
    let subject = Subject::AuthorizationServer(Arc::clone(&server));
    let started = announcement(&options, &subject, selected);
    recorder.start(Event::RunStarted(Box::new(started)), None);
    let packs = std::mem::take(&mut options.packs).into();
    let visits = Visits { server, packs, recorder: Arc::clone(recorder) };
    Ok(visits.run(selected, options.concurrency, deadline).await)
}

/// Judges a client by what it sent.
async fn hear(
    heard: &Heard,
    selected: &[&'static Check],
    options: &Options,
    deadline: Instant,
    recorder: &Recorder,
) {
    let subject = Subject::Client(heard.client.clone());
    let started = announcement(options, &subject, selected);
    recorder.start(Event::RunStarted(Box::new(started)), None);
    heard.judge(selected, recorder, deadline).await;
}

/// Surveys a target and judges nothing.
pub async fn survey_only(
    edition: Arc<Edition>,
    target: &Target,
    limits: &Limits,
    secrets: Secrets,
    allow: &AllowCalls,
) -> Result<Survey, RunError> {
    let (tempo, pace) = (Tempo::new(limits.answer), Pace::new(SURVEYORS, None));
    let recorder = Arc::new(Recorder::new(
        edition,
        secrets,
        Box::new(|_| {}),
        tempo,
        pace,
        limits.account.clone(),
        Published::within(usize::MAX),
    ));
    let (_shared, target) = sharing(target)?;
    let running = target.start(limits, &recorder, None).await?;
    let props = Props::new();
    let (local, props_at) = (target.is_local(), BTreeMap::new());
    let (apps, cards) = (false, false);
    let aside = Aside::default();
    let contact = &aside.contact;
    let given = Given { local, props: &props, props_at: &props_at, allow, apps, cards, contact };
    let deadline = Instant::now() + SURVEY_ALONE;
    let survey = look(&running, &aside, &target, limits, &recorder, given, deadline).await;
    tokio::join!(running.stop(), aside.ended());
    survey.map_err(|error| explained(error, &target))
}

fn explained(error: ContactError, target: &Target) -> RunError {
    match error {
        ContactError::Unreached(why) => {
            ContactError::Unreached(format!("{}: {why}", target.address())).into()
        }
        other => other.into(),
    }
}
