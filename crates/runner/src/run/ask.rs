//! Judging a server: it is started, looked at, asked and ended.

use std::sync::Arc;
use std::time::Duration;

use plumb_model::event::{RunStarted, TargetInfo};
use plumb_model::{Event, Verdict};
use plumb_wire::{Limits, method};
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::revision::By;
use super::selection::{announcement, say_so};
use super::{ahead, explained};
use crate::aside::Aside;
use crate::auth::Authority;
use crate::bench::{Context, Sights};
use crate::channel::{Channel, Way};
use crate::errors::{ContactError, RunError};
use crate::options::Options;
use crate::passive::Passives;
use crate::plan::{self, Estimate};
use crate::record::Recorder;
use crate::replicas::{self, Others};
use crate::scenes::emit;
use crate::schedule::{Schedule, finish_passives};
use crate::subject::Subject;
use crate::survey::look::Given;
use crate::target::{self, Running};
use crate::{Applies, Check, Probe, Survey, Target};

/// Beyond the budget, processes of the target get so long to end by themselves.
const PARTING: Duration = Duration::from_millis(300);

/// What a system without signals keeps a run from.
const NO_SIGNALS: &str = "this system has no signals: the server was killed where it would have been asked to end, and what \
                          happens when it is asked was not seen";

/// The target with the folder that its processes share, if it names one. It is kept until the run ends, and then removed.
pub(super) fn sharing(target: &Target) -> std::io::Result<(Option<tempfile::TempDir>, Target)> {
    let shared = replicas::shares(target).then(tempfile::tempdir).transpose()?;
    let target = match &shared {
        Some(folder) => replicas::sharing(target.clone(), folder.path()),
        None => target.clone(),
    };
    Ok((shared, target))
}

/// Judges a server; gives the faults of Plumb itself, and the revisions of the whole run.
pub(super) async fn ask(
    registry: &[&'static Check],
    mut selected: Vec<&'static Check>,
    mut options: Options,
    deadline: Instant,
    recorder: &Arc<Recorder>,
    by: &By,
) -> Result<(Vec<String>, Vec<String>), RunError> {
    let reached = Box::pin(reached(&selected, &options, deadline, recorder, by)).await;
    let reached = match reached {
        Ok(reached) => reached,
        Err(error @ (RunError::Contact(_) | RunError::Target(_))) if by.is_later(&options) => {
            unseen(&selected, &options, recorder, by, &error.to_string());
            return Ok((Vec::new(), by.known().to_vec()));
        }
        Err(error) => return Err(error),
    };
    let Reached { running, others, shared, target, auth, survey, revisions, aside } = reached;
    if survey.legacy_only.is_some() || survey.unreadable.is_some() {
        say_so(registry, &mut selected);
    }
    let front = front(&options, &running, recorder, auth.as_deref()).await?;
    let subject = match &front {
        Some(_) => Subject::Intermediary(Arc::clone(&survey)),
        None => Subject::Server(Arc::clone(&survey)),
    };
    let announced = announcement(&options, &subject, &selected);
    let started = RunStarted { revisions: revisions.clone(), ..announced };
    let passives = Passives::new(selected.iter().filter_map(|c| c.passive()));
    let judging = Some((passives, Arc::clone(&survey)));
    recorder.start(Event::RunStarted(Box::new(started)), judging);
    let mut context = Context {
        edition: Arc::clone(&options.edition),
        survey,
        target,
        packs: std::mem::take(&mut options.packs).into(),
        limits: options.limits.clone(),
        recorder: Arc::clone(recorder),
        others,
        front,
        shared: shared.is_some(),
        aside,
        sights: Sights::default(),
        seed: options.seed,
        auth,
        url: running.channel.endpoint().map(ToString::to_string),
    };
    let survey = Arc::clone(&context.survey);
    let share = by.share_once_met(registry, &revisions, &options.edition.revision);
    let (deadline, spares) = planned(&mut context, &selected, &options, (deadline, share));
    let context = Arc::new(context);
    let schedule = Schedule::new(&context, &options, &running, spares);
    let faults = Box::pin(schedule.run(&selected, deadline)).await;
    drop(schedule);
    part(stop(running, context), deadline).await;
    finish_passives(recorder, &selected, &survey);
    Ok((faults, revisions))
}

/// The way through the gateway before the target, if that is what is judged; it answers, whatever it says.
async fn front(
    options: &Options,
    running: &Running,
    recorder: &Arc<Recorder>,
    auth: Option<&Authority>,
) -> Result<Option<Channel>, RunError> {
    let Target::Gateway(gateway) = &options.target else { return Ok(None) };
    let behind = running.channel.endpoint().map(ToString::to_string).unwrap_or_default();
    let with = auth.map(|auth| (auth, behind.as_str()));
    let front = target::front(gateway, &options.limits, recorder, with)?;
    let front = Channel::new(Way::Http(front, None), Arc::clone(recorder));
    let first = Probe::request(method::DISCOVER, json!({})).once();
    let seen = front.send("survey", &first).await.map_err(|trouble| trouble.to_string());
    let why = match &seen {
        Ok(seen) if seen.status().is_some() => return Ok(Some(front)),
        Ok(seen) => seen.describe(),
        Err(why) => why.clone(),
    };
    let url = &gateway.reach.url;
    Err(ContactError::Unreached(format!("the gateway at {url}: {why}")).into())
}

/// A target that was started, and looked at.
struct Reached {
    running: Running,
    others: Others,
    /// The folder that its processes share, if they do. It is kept until the run ends, and then removed.
    shared: Option<tempfile::TempDir>,
    target: Target,
    auth: Option<Arc<Authority>>,
    survey: Arc<Survey>,
    /// The revisions of the whole run.
    revisions: Vec<String>,
    /// Processes that were started meanwhile.
    aside: Aside,
}

/// Starts the target and looks at it; what was started is ended where it is not to be judged.
async fn reached(
    selected: &[&'static Check],
    options: &Options,
    deadline: Instant,
    recorder: &Arc<Recorder>,
    by: &By,
) -> Result<Reached, RunError> {
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
    let aside = Aside::default();
    let wanted = ahead::wanted(&target, selected);
    let begun = async {
        // Without a handshake, it is the first contact that tells whether there is anything to judge.
        if !options.edition.has_handshake() {
            aside.contact.notified().await;
        }
    };
    let start = || {
        if !recorder.voices.are_one() {
            aside.start_ahead(&target, &options.limits, recorder, auth.as_ref());
        }
    };
    let met = Box::pin(met(selected, &running, &target, options, recorder, deadline, &aside));
    let met = ahead::beside(met, (wanted, begun), &recorder.tempo, start).await;
    let met = met.map_err(|error| explained(error, &options.target));
    let met =
        met.and_then(|survey| Ok((by.met(&survey, &options.edition, recorder.learnt())?, survey)));
    match met {
        Ok((revisions, survey)) => {
            let survey = Arc::new(survey);
            Ok(Reached { running, others, shared, target, auth, survey, revisions, aside })
        }
        Err(error) => {
            part(async { tokio::join!(running.stop(), others.stop(), aside.ended()) }, deadline)
                .await;
            Err(error)
        }
    }
}

/// What is left to say by a revision where the target was judged by another, and does not answer by this one.
fn unseen(
    selected: &[&'static Check],
    options: &Options,
    recorder: &Recorder,
    by: &By,
    error: &str,
) {
    let subject = Subject::Server(Arc::new(Survey::default()));
    let announced = announcement(options, &subject, selected);
    // What it speaks, nobody has seen.
    let target = TargetInfo { era: "undecided".to_owned(), ..announced.target.clone() };
    let started = RunStarted { revisions: by.known().to_vec(), target, ..announced };
    recorder.start(Event::RunStarted(Box::new(started)), None);
    let revision = &options.edition.revision;
    recorder.remark(format!("nothing was judged by revision {revision}: {error}"));
    for check in selected {
        let why = format!("the target did not answer by revision {revision}: {error}");
        emit(recorder, check, Verdict::Inconclusive { why }, Vec::new());
    }
}

/// When the run ends, and whether the target is spared: of one that is too slow for everything less is looked at.
fn planned(
    context: &mut Context,
    selected: &[&'static Check],
    options: &Options,
    (deadline, share): (Instant, f64),
) -> (Instant, bool) {
    let now = Instant::now();
    let survey = &context.survey;
    let estimate = Estimate::of(
        selected,
        &crate::lab::trials(&context.packs, selected, context.given()),
        context.given(),
        options.concurrency,
    );
    let left = deadline.saturating_duration_since(now).mul_f64(share);
    let left = estimate.within(options.budget, left);
    let spares = estimate.is_beyond(left);
    if spares {
        context.survey = Arc::new(plan::less(survey));
    }
    (now + left, spares)
}

/// Looks at a target that is to be judged.
async fn met(
    selected: &[&'static Check],
    running: &Running,
    target: &Target,
    options: &Options,
    recorder: &Arc<Recorder>,
    deadline: Instant,
    aside: &Aside,
) -> Result<Survey, ContactError> {
    let (local, allow) = (target.is_local(), &options.allow_calls);
    let facts = || selected.iter().flat_map(|check| check.applies);
    let cards = facts().any(|fact| fact.is_published());
    let apps = facts().any(|fact| *fact == Applies::Apps);
    let (props, props_at) = (&options.props, &options.props_at);
    let contact = &aside.contact;
    let given = Given { local, props, props_at, allow, apps, cards, contact };
    let survey = look(running, aside, target, &options.limits, recorder, given, deadline).await?;
    if let (Target::Gateway(_), Some(version)) = (&options.target, &survey.legacy_only) {
        let (revision, supported) = (options.edition.revision.clone(), version.clone());
        return Err(ContactError::OtherRevision { revision, supported });
    }
    if let Some(server) = running.channel.server()
        && let Some(stranger) = server.failed().await
    {
        return Err(ContactError::Unreached(stranger.to_string()));
    }
    survey.unlisted.iter().for_each(|told| recorder.remark(told.clone()));
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
pub(super) fn late() -> ContactError {
    ContactError::Unreached("it was not ready within --budget".into())
}

/// Looks at a target; a process that was started for that ends by the way.
pub(super) async fn look(
    running: &Running,
    aside: &Aside,
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
        aside.end(own);
    }
    survey
}
