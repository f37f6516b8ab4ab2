//! A run, recorded as it goes and reported when it is over.

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc;

use anyhow::{Context as _, anyhow};
use plumb_model::{Event, Report, Role};
use plumb_runner::{Options, RunError};

use crate::args::{Formats, JudgingArgs};
use crate::progress::Progress;
use crate::{Exit, Failure, output};

/// Nothing was selected.
const NOTHING: u8 = 3;
/// The target was never reached.
pub(crate) const UNREACHED: u8 = 4;

/// Judges a target and writes reports.
pub(crate) async fn reported(options: Options, args: &JudgingArgs) -> Exit {
    let report = recorded(options, &args.out.join("run.jsonl"), args.quiet).await?;
    let mut formats = args.formats.clone();
    formats.junit.get_or_insert_with(|| args.out.join("junit.xml"));
    formats.html.get_or_insert_with(|| args.out.join("report.html"));
    formats.json.get_or_insert_with(|| args.out.join("report.json"));
    output::write_formats(&report, &formats)?;
    if args.quiet {
        anstream::print!("{}", plumb_report::terminal::headline(&report, &output::style(false)));
    } else {
        anstream::print!(
            "{}",
            plumb_report::terminal::summary(&report, &output::style(args.verbose))
        );
        say_where(args, &formats);
    }
    Ok(report.outcome().exit_code())
}

fn say_where(args: &JudgingArgs, formats: &Formats) {
    let shown = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let files = [shown(&formats.html), shown(&formats.junit), shown(&formats.json)];
    let files: Vec<String> = files.into_iter().flatten().collect();
    anstream::println!("reports: {}, {}", files.join(", "), args.out.join("run.jsonl").display());
}

/// Runs, streaming events to a file as they come, and folds them.
async fn recorded(options: Options, path: &Path, quiet: bool) -> Result<Report, Failure> {
    let mut file = output::create(path)?;
    let (sender, events) = mpsc::channel::<Event>();
    let writer = std::thread::spawn(move || -> std::io::Result<Vec<Event>> {
        let mut progress = Progress::new(quiet);
        let mut kept = Vec::new();
        for event in events {
            progress.see(&event);
            serde_json::to_writer(&mut file, &event)?;
            file.write_all(b"\n")?;
            kept.push(event);
        }
        file.flush()?;
        Ok(kept)
    });
    let sink = Box::new(move |event| {
        // The writer ends only when the sender is gone, or after it failed and will say so.
        let _ = sender.send(event);
    });
    let registry = match options.target.role() {
        Role::Server => plumb_checks::all(),
        Role::Client => plumb_checks::of_clients(),
        Role::AuthorizationServer => plumb_checks::of_authorization_servers(),
    };
    let outcome = tokio::select! {
        outcome = plumb_runner::run(&registry, options, sink) => outcome,
        () = interrupted() => {
            // Dropping the run ended its processes.
            return Err(Failure::new(130, anyhow!("interrupted; {} holds what was seen", path.display())));
        }
    };
    let written = writer
        .join()
        .map_err(|_| Failure::new(70, anyhow!("the writer of {} panicked", path.display())))?;
    outcome.map_err(|error| {
        let code = if matches!(error, RunError::NothingSelected) { NOTHING } else { UNREACHED };
        // A recording without a run would only mislead.
        let _ = std::fs::remove_file(path);
        Failure::new(code, error)
    })?;
    let events = written
        .with_context(|| format!("{} could not be written", path.display()))
        .map_err(|error| Failure::new(7, error))?;
    Report::fold(events).map_err(|error| Failure::new(70, error))
}

/// Resolves when the user or the system asks Plumb to end.
async fn interrupted() {
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
