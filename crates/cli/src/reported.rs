//! A run, recorded as it goes and reported when it is over.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use plumb_model::event::JudgedBy;
use plumb_model::{Event, Keep, Reports, Role, Secrets, Sieve};
use plumb_report::timings::Timings;
use plumb_runner::{By, Options, RunError, Target};

use crate::args::{Formats, JudgingArgs};
use crate::interrupt::{interrupted, overdue};
use crate::progress::Progress;
use crate::recording::{self, Recording};
use crate::run::now;
use crate::say;
use crate::{Exit, FAULT, Failure, USAGE, in_bounds, near, output};

/// Nothing was selected.
const NOTHING: u8 = 3;
/// The target was never reached.
pub(crate) const UNREACHED: u8 = 4;
/// The user or the system ended the run.
pub(crate) const INTERRUPTED: u8 = 130;

/// Judges a target by one revision and writes reports.
pub(crate) async fn reported(options: Options, args: &JudgingArgs) -> Exit {
    let reports = reported_whole(options, By::Given, args, &no_other).await?;
    Ok(reports.outcome().exit_code())
}

/// What a run is to do by a further revision.
pub(crate) type Further<'a> = &'a dyn Fn(&str) -> Result<Options, Failure>;

/// For a run by one revision.
pub(crate) fn no_other(revision: &str) -> Result<Options, Failure> {
    Err(anyhow!("the target speaks revision {revision} only").into())
}

/// Judges a target by one revision, or by several one after the other, and writes reports; for whoever has more to say about it.
pub(crate) async fn reported_whole(
    options: Options,
    by: By,
    args: &JudgingArgs,
    further: Further<'_>,
) -> Result<Reports, Failure> {
    if let Some(unknown) = near::unknown_to_all(&args.only) {
        return Err(Failure::new(NOTHING, anyhow!("--only: {unknown}")));
    }
    let mut formats = args.formats.clone();
    formats.junit.get_or_insert_with(|| args.out.join("junit.xml"));
    formats.html.get_or_insert_with(|| args.out.join("report.html"));
    formats.json.get_or_insert_with(|| args.out.join("report.json"));
    recording::ignored(&args.out)?;
    output::try_formats(&formats)?;
    let keep = args.evidence.keep();
    // Locked until all reports are written, so that no other run writes any meanwhile.
    let recording = Recording::begin(&args.out, keep)?;
    let ended = match recorded(options, by, &recording, (keep, args.quiet), further).await {
        Ok(ended) => ended,
        Err(failure) => {
            recording.drop_it();
            return Err(failure);
        }
    };
    let reports = ended.reports;
    let written = output::write_formats(&reports, &formats);
    if args.quiet {
        say::out(&plumb_report::terminal::headlines(&reports, &output::style(false)));
    } else {
        say::out(&plumb_report::terminal::summaries(&reports, &output::style(args.verbose)));
        say_where(recording.path(), &formats);
    }
    if args.timings {
        ended.timings.iter().for_each(|timings| say::out(&timings.text()));
    }
    written.and(recording.keep())?;
    match ended.broken_off {
        None => Ok(reports),
        Some(why) => Err(why.told()),
    }
}

/// Leaves a JUnit file with one error for a run that did not begin, so that none of an earlier run is taken for its own. A mistake
/// on the command line is told so where there is such a file, or one is asked for.
pub(crate) fn tell_ci(ended: &Exit, args: &JudgingArgs, secrets: &Secrets) {
    let Err(Failure { code, error }) = ended else { return };
    let path = args.formats.junit.clone().unwrap_or_else(|| args.out.join("junit.xml"));
    let expected = match *code {
        NOTHING | UNREACHED | FAULT => true,
        USAGE => args.formats.junit.is_some() || path.is_file(),
        // Interrupted: its reports are there. Unwritten: it cannot be, or another run writes there.
        _ => false,
    };
    if expected {
        let why = in_bounds(error, secrets);
        // The error is told in any case.
        let _ = recording::ignored(&args.out);
        let _ = output::write(&path, &plumb_report::junit::not_started(&why, &now()));
    }
}

fn say_where(recording: &Path, formats: &Formats) {
    let shown = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let files = [shown(&formats.html), shown(&formats.junit), shown(&formats.json)];
    let files: Vec<String> = files.into_iter().flatten().collect();
    say::line(&format!("reports: {}, {}", files.join(", "), recording.display()));
}

/// A run that is over.
struct Ended {
    reports: Reports,
    /// Of each revision.
    timings: Vec<Timings>,
    /// Before all was judged.
    broken_off: Option<BrokenOff>,
}

/// Why a run was broken off.
#[derive(Clone, Copy)]
enum BrokenOff {
    /// The user or the system asked for it.
    Asked,
    /// Its budget was used up long ago.
    Overdue,
}

impl BrokenOff {
    fn told(self) -> Failure {
        match self {
            Self::Asked => {
                Failure::new(INTERRUPTED, anyhow!("interrupted: the reports hold what was seen"))
            }
            Self::Overdue => Failure::new(
                FAULT,
                anyhow!(
                    "the run did not end with its budget, which is a fault of plumb: report.json and report.html hold what was seen"
                ),
            ),
        }
    }
}

/// A run that is over its budget by half of it, and by so much, is held up by a fault of ours.
const GRACE: Duration = Duration::from_secs(30);

/// Runs, streaming events to a file as they come, and folds them.
async fn recorded(
    options: Options,
    by: By,
    recording: &Recording,
    (keep, quiet): (Keep, bool),
    further: Further<'_>,
) -> Result<Ended, Failure> {
    let path = recording.path();
    let unwritten = |error| {
        let told =
            anyhow::Error::new(error).context(format!("{} could not be written", path.display()));
        Failure::new(output::UNWRITTEN, told)
    };
    let lines = recording.writer().map_err(unwritten)?;
    let (sender, news) = mpsc::channel::<News>();
    let writer = std::thread::spawn(move || written(lines, &news, keep, quiet));
    let outcome = parts(options, by, &sender, further).await;
    let _ = sender.send(News::End);
    let recorded = writer
        .join()
        .map_err(|_| Failure::new(FAULT, anyhow!("the writer of {} panicked", path.display())))?;
    let broken_off = outcome?;
    let (events, timings) = recorded.map_err(unwritten)?;
    if broken_off.is_some() && events.is_empty() {
        return Err(Failure::new(INTERRUPTED, anyhow!("interrupted before anything was judged")));
    }
    let fold = if broken_off.is_some() {
        Reports::fold_interrupted(events)
    } else {
        Reports::fold(events)
    };
    let reports = fold.map_err(|error| Failure::new(FAULT, error))?;
    Ok(Ended { reports, timings, broken_off })
}

/// What the writer of a recording is told.
enum News {
    /// A judgement by these standards begins.
    Part(JoinHandle<JudgedBy>),
    Event(Event),
    /// Somebody may still hold a sender, such as a thread that was left to its work.
    End,
}

/// Judges by one revision after the other, unless that was broken off.
async fn parts(
    mut options: Options,
    mut by: By,
    news: &mpsc::Sender<News>,
    further: Further<'_>,
) -> Result<Option<BrokenOff>, Failure> {
    let registry = match options.target.role() {
        Role::Server => plumb_checks::of_servers(),
        Role::Client => plumb_checks::of_clients(),
        Role::Intermediary => plumb_checks::of_intermediaries(),
        Role::AuthorizationServer => plumb_checks::of_authorization_servers(),
    };
    let (begun, budget) = (Instant::now(), options.budget);
    let most = budget.at_most();
    let target = options.target.clone();
    let was_stopped = || matches!(&target, Target::Client(client) if client.stop.was_asked());
    let mut overdue = std::pin::pin!(overdue(most + (most / 2).max(GRACE)));
    loop {
        let own = options.edition.revision.clone();
        let _ = news.send(News::Part(standards(&options)));
        let events = news.clone();
        let sink = Box::new(move |event| {
            // The writer ends only at the end, or after it failed and will say so.
            let _ = events.send(News::Event(event));
        });
        let stop = stopped(&target);
        let outcome = tokio::select! {
            outcome = plumb_runner::run_part(&registry, options, sink, by) => outcome,
            // Dropping the run ends its processes.
            () = stop => return Ok(Some(BrokenOff::Asked)),
            () = &mut overdue => return Ok(Some(BrokenOff::Overdue)),
        };
        let next = match outcome {
            Ok(made) => {
                let mut later = made.revisions.iter().skip_while(|r| **r != own).skip(1);
                let next = later.next().cloned();
                next.map(|next| (next, made.follows()))
            }
            Err(RunError::Earlier { revision, learnt }) => Some((revision, By::Earlier(learnt))),
            Err(_) if was_stopped() => None,
            Err(error) => {
                let nothing = matches!(error, RunError::NothingSelected);
                return Err(Failure::new(if nothing { NOTHING } else { UNREACHED }, error));
            }
        };
        let Some((revision, next)) = next else {
            return Ok(was_stopped().then_some(BrokenOff::Asked));
        };
        (options, by) = (further(&revision)?, next);
        options.budget = budget.after(begun.elapsed());
    }
}

/// Writes events as they come; gives those that are kept, and where the time went.
fn written(
    mut lines: impl Write,
    news: &mpsc::Receiver<News>,
    keep: Keep,
    quiet: bool,
) -> std::io::Result<(Vec<Event>, Vec<Timings>)> {
    let (mut standards, mut progress) = (None, Progress::new(quiet));
    let (mut kept, mut sieve, mut timings) = (Vec::new(), Sieve::new(keep), Vec::new());
    let mut record = |event: Event| {
        serde_json::to_writer(&mut lines, &event)?;
        lines.write_all(b"\n")?;
        kept.push(event);
        Ok::<(), std::io::Error>(())
    };
    for news in news {
        let mut event = match news {
            News::Part(next) => {
                standards = Some(next);
                sieve = Sieve::new(keep);
                continue;
            }
            News::Event(event) => event,
            News::End => break,
        };
        if let Event::RunStarted(run) = &mut event {
            run.judged_by = standards.take().and_then(|standards| standards.join().ok());
            timings.push(Timings::default());
        }
        progress.see(&event);
        if let Some(timings) = timings.last_mut() {
            timings.see(&event);
        }
        sieve.pass(event).into_iter().try_for_each(&mut record)?;
    }
    sieve.rest().into_iter().try_for_each(&mut record)?;
    lines.flush()?;
    Ok((kept, timings))
}

/// What the run judges by, to the byte, made out while the target is looked at. A build for development is no version that
/// somebody else could have, and ten times as large: it goes unnamed.
fn standards(options: &Options) -> JoinHandle<JudgedBy> {
    let (edition, suite) = (Arc::clone(&options.edition), options.suite.clone());
    let packs = options.packs.clone();
    std::thread::spawn(move || {
        let binary = if cfg!(debug_assertions) { None } else { std::env::current_exe().ok() };
        plumb_certificate::judged_by(&edition, &suite, &packs, binary.as_deref())
    })
}

/// Resolves when a run is to end before it has judged: who waits for a client, or plays scenarios with it, is asked once to
/// judge what was seen until then.
async fn stopped(target: &Target) {
    interrupted().await;
    match target {
        Target::LedClient(listening) => listening.close(),
        Target::Client(client) => client.stop.ask(),
        _ => return,
    }
    interrupted().await;
}
