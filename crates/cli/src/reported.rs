//! A run, recorded as it goes and reported when it is over.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use anyhow::anyhow;
use plumb_model::event::JudgedBy;
use plumb_model::{Event, Keep, Report, Role, Secrets, Sieve};
use plumb_report::timings::Timings;
use plumb_runner::{Check, Options, RunError, Sink};

use crate::args::{Formats, JudgingArgs};
use crate::progress::Progress;
use crate::recording::{self, Recording};
use crate::run::now;
use crate::say::{self, say};
use crate::{Exit, FAULT, Failure, USAGE, near, output};

/// Nothing was selected.
const NOTHING: u8 = 3;
/// The target was never reached.
pub(crate) const UNREACHED: u8 = 4;
/// The user or the system ended the run.
pub(crate) const INTERRUPTED: u8 = 130;

/// Judges a target and writes reports.
pub(crate) async fn reported(options: Options, args: &JudgingArgs) -> Exit {
    match reported_whole(options, args, By::Asked).await? {
        Judged::Whole(report) => Ok(report.outcome().exit_code()),
        Judged::Earlier(_) => Ok(0),
    }
}

/// Which revision a target is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// That of the options, come what may.
    Asked,
    /// That of the options, unless the target speaks earlier ones only.
    NewestSpoken,
}

/// What became of a run.
pub(crate) enum Judged {
    /// It was made, and told.
    Whole(Box<Report>),
    /// Nothing was judged yet: the target speaks no newer revision than this one.
    Earlier(String),
}

/// The same, for whoever has more to say about it.
pub(crate) async fn reported_whole(
    options: Options,
    args: &JudgingArgs,
    by: By,
) -> Result<Judged, Failure> {
    if let Some(unknown) = near::unknown(&options.edition.ledger, &args.only) {
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
    let ended = match recorded(options, &recording, keep, args.quiet, by).await {
        Ok(Recorded::Ended(ended)) => ended,
        Ok(Recorded::Earlier(version)) => {
            recording.drop_it();
            return Ok(Judged::Earlier(version));
        }
        Err(failure) => {
            recording.drop_it();
            return Err(failure);
        }
    };
    let report = ended.report;
    let timings = args.timings.then(|| ended.timings.text());
    let written = output::write_formats(&report, &formats);
    if args.quiet {
        say::out(&plumb_report::terminal::headline(&report, &output::style(false)));
    } else {
        say::out(&plumb_report::terminal::summary(&report, &output::style(args.verbose)));
        say_where(recording.path(), &formats);
    }
    if let Some(timings) = timings {
        say::out(&timings);
    }
    written.and(recording.keep())?;
    if ended.interrupted {
        return Err(Failure::new(
            INTERRUPTED,
            anyhow!("interrupted: the reports hold what was seen"),
        ));
    }
    Ok(Judged::Whole(Box::new(report)))
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
        let why = secrets.blot_text(&format!("{error:#}"));
        // The error is told in any case.
        let _ = recording::ignored(&args.out);
        let _ = output::write(&path, &plumb_report::junit::not_started(&why, &now()));
    }
}

fn say_where(recording: &Path, formats: &Formats) {
    let shown = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let files = [shown(&formats.html), shown(&formats.junit), shown(&formats.json)];
    let files: Vec<String> = files.into_iter().flatten().collect();
    say!("reports: {}, {}", files.join(", "), recording.display());
}

/// A run that is over.
struct Ended {
    report: Report,
    timings: Timings,
    /// By the user or the system, before all was judged.
    interrupted: bool,
}

/// What became of a recording.
enum Recorded {
    Ended(Box<Ended>),
    Earlier(String),
}

/// Runs, streaming events to a file as they come, and folds them.
async fn recorded(
    options: Options,
    recording: &Recording,
    keep: Keep,
    quiet: bool,
    by: By,
) -> Result<Recorded, Failure> {
    let path = recording.path();
    let unwritten = |error| {
        let told =
            anyhow::Error::new(error).context(format!("{} could not be written", path.display()));
        Failure::new(output::UNWRITTEN, told)
    };
    let standards = standards(&options);
    let lines = recording.writer().map_err(unwritten)?;
    let (sender, events) = mpsc::channel::<Option<Event>>();
    let writer = std::thread::spawn(move || written(lines, &events, standards, keep, quiet));
    let ender = sender.clone();
    let sink = Box::new(move |event| {
        // The writer ends only at the end, or after it failed and will say so.
        let _ = sender.send(Some(event));
    });
    let registry = match options.target.role() {
        Role::Server => plumb_checks::of_servers(),
        Role::Client => plumb_checks::of_clients(),
        Role::AuthorizationServer => plumb_checks::of_authorization_servers(),
    };
    let outcome = tokio::select! {
        outcome = judged(&registry, options, sink, by) => Some(outcome),
        // Dropping the run ends its processes.
        () = interrupted() => None,
    };
    let _ = ender.send(None);
    let recorded = writer
        .join()
        .map_err(|_| Failure::new(FAULT, anyhow!("the writer of {} panicked", path.display())))?;
    if let Some(Err(RunError::Earlier(version))) = outcome {
        return Ok(Recorded::Earlier(version));
    }
    if let Some(Err(error)) = outcome {
        let code = if matches!(error, RunError::NothingSelected) { NOTHING } else { UNREACHED };
        return Err(Failure::new(code, error));
    }
    let interrupted = outcome.is_none();
    let (events, timings) = recorded.map_err(unwritten)?;
    if interrupted && events.is_empty() {
        return Err(Failure::new(INTERRUPTED, anyhow!("interrupted before anything was judged")));
    }
    let fold = if interrupted { Report::fold_interrupted(events) } else { Report::fold(events) };
    let report = fold.map_err(|error| Failure::new(FAULT, error))?;
    Ok(Recorded::Ended(Box::new(Ended { report, timings, interrupted })))
}

/// Writes events as they come; gives those that are kept, and where the time went.
fn written(
    mut lines: impl Write,
    events: &mpsc::Receiver<Option<Event>>,
    standards: JoinHandle<JudgedBy>,
    keep: Keep,
    quiet: bool,
) -> std::io::Result<(Vec<Event>, Timings)> {
    let (mut standards, mut progress) = (Some(standards), Progress::new(quiet));
    let (mut kept, mut sieve, mut timings) = (Vec::new(), Sieve::new(keep), Timings::default());
    let mut record = |event: Event| {
        serde_json::to_writer(&mut lines, &event)?;
        lines.write_all(b"\n")?;
        kept.push(event);
        Ok::<(), std::io::Error>(())
    };
    // None is the end: somebody may still hold a sender, such as a thread that was left to its work.
    for mut event in events.iter().map_while(|event| event) {
        if let Event::RunStarted(run) = &mut event {
            run.judged_by = standards.take().and_then(|standards| standards.join().ok());
        }
        progress.see(&event);
        timings.see(&event);
        sieve.pass(event).into_iter().try_for_each(&mut record)?;
    }
    sieve.rest().into_iter().try_for_each(&mut record)?;
    lines.flush()?;
    Ok((kept, timings))
}

async fn judged(
    registry: &[&'static Check],
    options: Options,
    sink: Sink,
    by: By,
) -> Result<(), RunError> {
    match by {
        By::Asked => plumb_runner::run(registry, options, sink).await,
        By::NewestSpoken => plumb_runner::run_unless_earlier(registry, options, sink).await,
    }
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

/// Resolves when the user or the system asks Plumb to end.
#[cfg(unix)]
pub(crate) async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Resolves when the user asks Plumb to end; a system without signals has no other way to ask.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}
