//! A run: survey, plan, schedule, judge; its only output is a stream of events.

mod revision;
mod selection;

use std::sync::Arc;
use std::time::Duration;

use plumb_model::{Edition, Event, Secrets};
use plumb_wire::Limits;
use tokio::time::{Instant, timeout_at};

use crate::aside::Aside;
use crate::auth::Authority;
use crate::authorization_server::run::Visits;
use crate::authorization_server::{AuthorizationServer, Issuer};
use crate::bench::{Context, Sights};
use crate::client::ClientCommand;
use crate::client::run::Heard;
use crate::errors::{ContactError, RunError};
use crate::options::Options;
use crate::pace::Pace;
use crate::passive::Passives;
use crate::plan::{self, Estimate};
use crate::published::Published;
use crate::record::{Recorder, Sink};
use crate::replicas;
use crate::rows;
use crate::schedule::{Schedule, finish_passives};
use crate::subject::Subject;
use crate::survey::look::Given;
use crate::target::Running;
use crate::tempo::Tempo;
use crate::{AllowCalls, Check, Props, Survey, Target};
use revision::Revision;
use selection::{announcement, say_so, select};

/// So many requests of a survey alone are in flight at once.
const SURVEYORS: usize = 8;

/// A survey alone may take so long.
const SURVEY_ALONE: Duration = Duration::from_secs(120);

/// Beyond the budget, processes of the target get so long to end by themselves.
const PARTING: Duration = Duration::from_millis(300);

/// What a system without signals keeps a run from.
const NO_SIGNALS: &str = "this system has no signals: the server was killed where it would have been asked to end, and what \
                          happens when it is asked was not seen";

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
    run_by(registry, options, sink, Revision::Given).await
}

/// The same, unless the target turns out to speak earlier revisions only that are judged: then nothing is judged yet.
///
/// # Errors
///
/// [`RunError::Earlier`] names the revision that it speaks; others as for [`run`].
pub async fn run_unless_earlier(
    registry: &[&'static Check],
    options: Options,
    sink: Sink,
) -> Result<(), RunError> {
    run_by(registry, options, sink, Revision::NewestSpoken).await
}

async fn run_by(
    registry: &[&'static Check],
    mut options: Options,
    sink: Sink,
    revision: Revision,
) -> Result<(), RunError> {
    let selected = select(registry, &options);
    let sink = rows::told_of_each(registry, sink);
    let deadline = Instant::now() + options.budget.at_first();
    if selected.is_empty() {
        return Err(RunError::NothingSelected);
    }
    options.packs.retain(|pack| pack.is_for(&options.edition));
    let (tempo, pace) =
        (Tempo::new(options.limits.answer), Pace::new(options.concurrency, options.rate));
    let (edition, secrets) = (options.edition.clone(), options.secrets.clone());
    let recorder = Arc::new(Recorder::new(
        edition,
        secrets,
        sink,
        tempo,
        pace,
        options.limits.account.clone(),
        Published::within(options.max_report),
    ));
    let faults = match options.target.clone() {
        Target::AuthorizationServer(issuer) => {
            visit(&issuer, &selected, options, deadline, &recorder).await?
        }
        Target::Client(command) => {
            hear(&command, &selected, &options, deadline, &recorder).await?;
            Vec::new()
        }
        _ => ask(registry, selected, options, deadline, &recorder, revision).await?,
    };
    let remarks = recorder.remarks();
    recorder.emit(Event::RunFinished {
        at: recorder.clock.now(),
        internal_faults: faults,
        remarks,
        left_out: 0,
    });
    Ok(())
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

/// Judges a client.
async fn hear(
    command: &ClientCommand,
    selected: &[&'static Check],
    options: &Options,
    deadline: Instant,
    recorder: &Recorder,
) -> Result<(), RunError> {
    let heard = Heard::play(command, options, recorder, deadline).await?;
    let subject = Subject::Client(heard.client.clone());
    let started = announcement(options, &subject, selected);
    recorder.start(Event::RunStarted(Box::new(started)), None);
    heard.judge(selected, recorder);
    Ok(())
}

/// The target with the folder that its processes share, if it names one. It is kept until the run ends, and then removed.
fn sharing(target: &Target) -> std::io::Result<(Option<tempfile::TempDir>, Target)> {
    let shared = replicas::shares(target).then(tempfile::tempdir).transpose()?;
    let target = match &shared {
        Some(folder) => replicas::sharing(target.clone(), folder.path()),
        None => target.clone(),
    };
    Ok((shared, target))
}

/// Judges a server; gives the faults of Plumb itself.
async fn ask(
    registry: &[&'static Check],
    mut selected: Vec<&'static Check>,
    mut options: Options,
    deadline: Instant,
    recorder: &Arc<Recorder>,
    revision: Revision,
) -> Result<Vec<String>, RunError> {
    let auth = match &options.auth {
        Some(wanted) => Some(Authority::start(wanted, options.seed, recorder).await?),
        None => None,
    };
    let (shared, target) = sharing(&options.target)?;
    let replicas = options.replicas.clone().or_usual(&options.target);
    let starts = async {
        tokio::try_join!(
            target.start(&options.limits, recorder, auth.as_deref()),
            replicas.start(&target, &options.limits, recorder, auth.as_deref()),
        )
    };
    let (running, others) = timeout_at(deadline, starts).await.map_err(|_| late())??;
    if target.is_command() && !plumb_wire::process::SIGNALS {
        recorder.remark(NO_SIGNALS.to_owned());
    }
    let met = met(&running, &target, &options, recorder, deadline).await;
    let met = met.map_err(|error| explained(error, &options.target));
    let survey = match met.and_then(|survey| revision.fits(survey)) {
        Ok(survey) => Arc::new(survey),
        Err(error) => {
            part(async { tokio::join!(running.stop(), others.stop()) }, deadline).await;
            return Err(error);
        }
    };
    if survey.legacy_only.is_some() || survey.unreadable.is_some() {
        say_so(registry, &mut selected);
    }
    let subject = Subject::Server(Arc::clone(&survey));
    let started = Event::RunStarted(Box::new(announcement(&options, &subject, &selected)));
    let passives = Passives::new(selected.iter().filter_map(|c| c.passive()));
    recorder.start(started, Some((passives, Arc::clone(&survey))));
    let mut context = Context {
        edition: Arc::clone(&options.edition),
        survey,
        target,
        packs: std::mem::take(&mut options.packs).into(),
        limits: options.limits.clone(),
        recorder: Arc::clone(recorder),
        others,
        shared: shared.is_some(),
        aside: Aside::default(),
        sights: Sights::default(),
        seed: options.seed,
        auth,
        url: running.channel.endpoint().map(ToString::to_string),
    };
    let survey = Arc::clone(&context.survey);
    let (deadline, spares) = planned(&mut context, &selected, &options, deadline);
    let context = Arc::new(context);
    let schedule = Schedule::new(&context, &options, &running, spares);
    let faults = schedule.run(&selected, deadline).await;
    drop(schedule);
    part(stop(running, context), deadline).await;
    finish_passives(recorder, &selected, &survey);
    Ok(faults)
}

/// When the run ends, and whether the target is spared: of one that is too slow for everything less is looked at.
fn planned(
    context: &mut Context,
    selected: &[&'static Check],
    options: &Options,
    deadline: Instant,
) -> (Instant, bool) {
    let now = Instant::now();
    let survey = &context.survey;
    let estimate = Estimate::of(
        selected,
        &crate::lab::trials(&context.packs, selected, context.given()),
        survey,
        options.concurrency,
    );
    let left = estimate.within(options.budget, deadline.saturating_duration_since(now));
    let spares = estimate.is_beyond(left);
    if spares {
        context.survey = Arc::new(plan::less(survey));
    }
    (now + left, spares)
}

/// Looks at a target that is to be judged.
async fn met(
    running: &Running,
    target: &Target,
    options: &Options,
    recorder: &Arc<Recorder>,
    deadline: Instant,
) -> Result<Survey, ContactError> {
    let (local, allow) = (target.is_local(), &options.allow_calls);
    let given = Given { local, props: &options.props, allow };
    let survey = look(running, target, &options.limits, recorder, given, deadline).await?;
    if let Some(server) = running.channel.server()
        && let Some(stranger) = server.failed().await
    {
        return Err(ContactError::Unreached(stranger.to_string()));
    }
    if survey.cut_short {
        recorder.remark(
            "the target is slow: half of the budget went into looking at it, and what was not seen until then is \
             unverified (--budget)"
                .to_owned(),
        );
    }
    let protected = options.auth.is_some() && running.channel.transport().has_heads();
    Ok(Survey { protected, ..survey })
}

/// Ends every process of the target.
async fn stop(running: Running, context: Arc<Context>) {
    tokio::join!(running.stop(), context.aside.ended());
    if let Some(context) = Arc::into_inner(context) {
        context.others.stop().await;
    }
}

/// Has processes of the target end politely; what has not ended soon after the budget is dropped, which ends it for sure.
async fn part<T>(stops: impl Future<Output = T>, deadline: Instant) {
    let _ = timeout_at(deadline.max(Instant::now()) + PARTING, stops).await;
}

/// Why nothing can be said of a target that is too slow to be looked at.
fn late() -> ContactError {
    ContactError::Unreached("it was not ready within --budget".into())
}

async fn look(
    running: &Running,
    target: &Target,
    limits: &Limits,
    recorder: &Arc<Recorder>,
    given: Given<'_>,
    deadline: Instant,
) -> Result<Survey, ContactError> {
    let alone = recorder.edition.has_handshake();
    let own = if alone || running.channel.transport().shares_processes() {
        None
    } else {
        let own = timeout_at(deadline, target.start(limits, recorder, None)).await;
        own.ok().and_then(Result::ok)
    };
    let handshake = own.as_ref().map_or(&running.channel, |o| &o.channel);
    let survey =
        Survey::look(&recorder.edition, &running.channel, handshake, given, deadline).await;
    if let Some(own) = own {
        let _ = timeout_at(deadline, own.stop()).await;
    }
    survey
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
    let shared = replicas::shares(target).then(tempfile::tempdir).transpose()?;
    let target = &match &shared {
        Some(folder) => replicas::sharing(target.clone(), folder.path()),
        None => target.clone(),
    };
    let running = target.start(limits, &recorder, None).await?;
    let props = Props::new();
    let given = Given { local: target.is_local(), props: &props, allow };
    let deadline = Instant::now() + SURVEY_ALONE;
    let survey = look(&running, target, limits, &recorder, given, deadline).await;
    running.stop().await;
    survey.map_err(|error| explained(error, target))
}

fn explained(error: ContactError, target: &Target) -> RunError {
    match error {
        ContactError::Unreached(why) => {
            ContactError::Unreached(format!("{}: {why}", target.address())).into()
        }
        other => other.into(),
    }
}
