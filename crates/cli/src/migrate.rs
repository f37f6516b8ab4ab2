//! `plumb migrate`: what a server of an earlier revision has to change.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use plumb_model::{Audit, Edition, Reports, Secrets};
use plumb_report::audit;
use plumb_runner::migrate::{self, Options};
use plumb_runner::{Reach, Target};

use crate::args::{Format, MigrateArgs, TargetArgs};
use crate::config::Config;
use crate::interrupt::interrupted;
use crate::reported::{INTERRUPTED, UNREACHED};
use crate::run::{allow, limits, now, watched};
use crate::say::{self, say};
use crate::secrets::Collector;
use crate::target::target;
use crate::{Exit, Failure, output, recording};

/// Audits a server and writes the list.
pub(crate) async fn migrate(edition: Arc<Edition>, args: MigrateArgs, secrets: Secrets) -> Exit {
    let config = Config::read(args.target.config.as_deref(), &edition.positions)?;
    // Before anything is started: it is read first, and may be the file that is written last.
    let since = args.since.as_deref().map(earlier).transpose()?;
    let mut collector = Collector::new(&secrets);
    let at = target(&args.target, args.auth.on, &mut collector)?;
    let replicas = replicas(&args, &mut collector)?;
    output::notes(&collector.notes);
    let files = ["migrate.json", "migrate.md", "migrate.html"].map(|name| args.out.join(name));
    output::try_files(&files)?;
    watched(&at)?;
    let options = Options {
        edition,
        auth: args.auth.options(&at),
        target: at,
        replicas,
        allow_calls: allow(&args.target, &config.allow_calls),
        limits: limits(&args.target),
        budget: Duration::from_secs(args.budget),
        max_report: args.max_report.saturating_mul(1 << 20),
        secrets,
        started: now(),
        seed: 0,
    };
    let made = tokio::select! {
        made = migrate::audit(options) => made.map_err(|error| Failure::new(UNREACHED, error))?,
        // Dropping the audit ends its processes.
        () = interrupted() => {
            return Err(Failure::new(INTERRUPTED, anyhow!("interrupted before the list was whole")));
        }
    };
    written(made, since.as_ref(), &args, &files)
}

fn written(
    mut made: Audit,
    since: Option<&Earlier>,
    args: &MigrateArgs,
    files: &[std::path::PathBuf; 3],
) -> Exit {
    match since {
        Some(Earlier::Audit(earlier)) => made.compare(earlier),
        Some(Earlier::Run(run)) => made.compare_with_run(run),
        None => {}
    }
    let texts = [audit::json(&made), audit::markdown(&made), audit::html(&made)];
    // Every one that can be written is, before the first error is told.
    let (mut reports, mut outcome) = (Vec::new(), Ok(()));
    for (file, text) in files.iter().zip(&texts) {
        match output::write(file, text) {
            Ok(()) => reports.push(file.display().to_string()),
            Err(failure) => outcome = outcome.and(Err(failure)),
        }
    }
    match args.format {
        Format::Terminal => {
            say::out(&audit::terminal(&made, &output::style(args.verbose)));
            if !reports.is_empty() {
                say::line(&format!("reports: {}", reports.join(", ")));
            }
        }
        Format::Markdown => say::out(&texts[1]),
        Format::Json => say::out(&texts[0]),
        Format::Html => say::out(&texts[2]),
    }
    outcome.map(|()| 0)
}

/// A run that meets a server of an earlier revision takes so long for the first lines of its list.
const SHORT: Duration = Duration::from_secs(4);

/// The audit of what a run judges, if that turns out to speak earlier revisions only.
pub(crate) fn of_legacy(options: &plumb_runner::Options) -> Options {
    Options {
        edition: Arc::clone(&options.edition),
        target: options.target.clone(),
        replicas: Vec::new(),
        allow_calls: options.allow_calls.clone(),
        limits: options.limits.clone(),
        budget: options.budget.at_first().min(SHORT),
        max_report: options.max_report,
        secrets: options.secrets.clone(),
        started: options.started.clone(),
        auth: options.auth.clone(),
        seed: options.seed,
    }
}

/// Says the first lines of the list, and how to get all of it.
pub(crate) async fn first_lines(options: Options, address: &str) {
    let of_command = options.target.is_command();
    let made = tokio::select! {
        made = migrate::audit(options) => made.ok(),
        () = interrupted() => None,
    };
    say!("");
    if let Some(made) = &made {
        say::out(&audit::first_lines(made));
    }
    let cut = made.is_some_and(|made| Duration::from_micros(made.took) >= SHORT);
    let seen =
        if cut { format!(" (this is what {} s showed)", SHORT.as_secs()) } else { String::new() };
    let how = if of_command { "-- " } else { "" };
    let whole = format!("the whole list{seen}: plumb migrate {how}{address}");
    say::line(&whole);
}

/// What the list is compared with.
enum Earlier {
    Audit(Box<Audit>),
    Run(Box<Reports>),
}

/// Reads an earlier audit, or the recording of an earlier run; of a folder that has both, the audit.
fn earlier(file: &Path) -> anyhow::Result<Earlier> {
    let within = file.join("migrate.json");
    let path = if within.is_file() { within.as_path() } else { file };
    let text = recording::read(path)?;
    let why = match Audit::parse(&text) {
        Ok(audit) => return Ok(Earlier::Audit(Box::new(audit))),
        Err(why) => why,
    };
    // What a run recorded is told by its first line.
    if text.lines().next().is_some_and(|line| line.contains("run_started")) {
        let run = Reports::from_jsonl(&text);
        let run = run.with_context(|| format!("{} is no recorded run", path.display()))?;
        return Ok(Earlier::Run(Box::new(run)));
    }
    Err(anyhow!("{} is neither: {why}", path.display())).context(
        "--since takes the migrate.json of an earlier audit, or the run.jsonl of an earlier run",
    )
}

fn replicas(args: &MigrateArgs, collector: &mut Collector<'_>) -> Result<Vec<Reach>, Failure> {
    let other = |url: &String| {
        let one = TargetArgs { url: Some(url.clone()), ..args.target.clone() };
        match target(&one, false, collector)? {
            Target::Url(reach) => Ok(reach),
            _ => Err(anyhow!("--replica `{url}` is no address").into()),
        }
    };
    args.replica.iter().map(other).collect()
}
