//! `plumb certify server.json`: from an entry of a registry to a run, confined unless somebody asks for less.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use plumb_certificate::{About, Confinement, Identity};
use plumb_entry::sandbox::{self, Bounds, Engine, Folders};
use plumb_entry::{Answers, Entry, Fetch, Plan, PlanError, Way};
use plumb_model::Report;
use plumb_wire::Limits;
use plumb_wire::process::{Launch, Process};

use crate::args::{CertifyArgs, RunArgs};
use crate::reported::UNREACHED;
use crate::say::{self, tell};
use crate::{Failure, config, output, run, serve};

/// The entry has inputs that nobody has answered.
const NEEDS_ANSWERS: u8 = 8;
/// How long a package manager may take.
const FETCHING: Duration = Duration::from_secs(600);
/// What a run may take beyond its budget before its sandbox is ended.
const BEYOND: Duration = Duration::from_secs(60);

/// What an entry comes to.
pub(super) enum Prepared {
    /// A run of this process, with the target filled in.
    Here(About),
    /// A run that a sandbox has carried out.
    Done(Box<Report>, About),
}

/// Whether the target of the command line is an entry of a registry.
pub(super) fn path(args: &CertifyArgs) -> Option<PathBuf> {
    let path = PathBuf::from(args.run.target.url.as_deref()?);
    (path.extension().is_some_and(|ending| ending == "json") && path.is_file()).then_some(path)
}

/// Fills in the target from an entry, or runs it in a sandbox.
pub(super) async fn prepare(
    path: &Path,
    args: &mut CertifyArgs,
    revision: &str,
) -> Result<Prepared, Failure> {
    let shown = path.display();
    let entry =
        Entry::parse(&config::read(path)?).with_context(|| format!("{shown} is no entry"))?;
    let answers = match &args.answers {
        Some(file) => Answers::parse(&config::read(file)?)
            .with_context(|| format!("{} is no answers file", file.display()))?,
        None => Answers::default(),
    };
    let plan = match plumb_entry::plan(&entry, &answers, args.remote) {
        Ok(plan) => plan,
        Err(PlanError::NeedsAnswers(questions)) => {
            say::out(&Answers::asked(&questions));
            let told = anyhow!(
                "{shown} needs answers: fill in the file above, and give it with --answers"
            );
            return Err(Failure::new(NEEDS_ANSWERS, told));
        }
        Err(error) => return Err(anyhow!("{shown}: {error}").into()),
    };
    for (name, value) in plan.secrets.iter().filter(|(_, value)| !value.is_empty()) {
        args.run.target.secret.push(format!("{name}={value}"));
    }
    let identity = Identity {
        name: entry.name.clone(),
        version: Some(entry.version.clone()),
        package: Some(plan.package.clone()),
        ..Identity::default()
    };
    args.run.target.url = None;
    confined(plan, identity, args, revision).await
}

async fn confined(
    plan: Plan,
    mut identity: Identity,
    args: &mut CertifyArgs,
    revision: &str,
) -> Result<Prepared, Failure> {
    let (fetch, url, arguments, env) = match plan.way {
        Way::Remote { url, headers } => {
            let target = &mut args.run.target;
            target.header.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
            target.url = Some(url.clone());
            identity.url = Some(url);
            return Ok(Prepared::Here(About {
                entry: Some(identity),
                confinement: Confinement::Remote,
            }));
        }
        Way::Command { fetch, url, arguments, env } => (fetch, url, arguments, env),
    };
    let target = &mut args.run.target;
    target.env.extend(env.iter().map(|(name, value)| format!("{name}={value}")));
    if let Some(path) = url.as_deref().map(path_of) {
        target.path = path;
    }
    if args.unconfined {
        target.server = unconfined(&fetch)?;
        target.server.extend(arguments);
        tell!(
            "note: {} runs unconfined, as --unconfined asks: with all that you may do",
            identity.name
        );
        return Ok(Prepared::Here(About { entry: Some(identity), confinement: Confinement::None }));
    }
    if let Some(why) = beyond_sandboxes(&fetch) {
        return Err(anyhow!(why).into());
    }
    let engine = engine(args.sandbox.as_deref())?;
    let (report, digest) = in_sandbox(engine, &fetch, arguments, &args.run, revision).await?;
    identity.package_digest = digest;
    let confinement = Confinement::Sandbox { engine: engine.told(&Bounds::default()) };
    Ok(Prepared::Done(Box::new(report), About { entry: Some(identity), confinement }))
}

/// The path of an address whose port may be a placeholder.
fn path_of(url: &str) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    after.find('/').map_or("/".to_owned(), |at| after[at..].to_owned())
}

/// What starts a package as anybody would: it fetches and runs in one.
fn unconfined(fetch: &Fetch) -> anyhow::Result<Vec<String>> {
    let words: Vec<&str> = match fetch {
        Fetch::Npm(id) => vec!["npx", "-y", id],
        Fetch::Pypi(id) => vec!["uvx", id],
        Fetch::Nuget(id) => vec!["dnx", id, "--yes"],
        Fetch::Image(reference) => vec!["docker", "run", "--rm", "-i", reference],
        Fetch::Archive { url, .. } => {
            bail!("{url}: an archive is not run unconfined: unpack it and name its command")
        }
    };
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// Why a package is judged in no sandbox yet, whatever engine is here, and what to do instead.
fn beyond_sandboxes(fetch: &Fetch) -> Option<String> {
    Some(match fetch {
        Fetch::Npm(_) | Fetch::Pypi(_) => return None,
        Fetch::Image(reference) => format!(
            "{reference} is an image, and Plumb is not put into images of others yet: run it yourself without network, \
             and judge what it says: plumb certify -- docker run --rm -i --network=none {reference}"
        ),
        Fetch::Nuget(id) => format!(
            "{id} is a tool of NuGet, which is not fetched into a sandbox yet: --unconfined runs it by dnx"
        ),
        Fetch::Archive { url, sha256 } => format!(
            "{url} is an archive (MCPB), which is not unpacked yet: see that its SHA-256 is {sha256}, unpack it where it \
             can do no harm, and judge its command: plumb certify -- COMMAND"
        ),
    })
}

/// The engine that was asked for, or the first that is here.
fn engine(asked: Option<&str>) -> anyhow::Result<Engine> {
    let is_here = |engine: &Engine| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(engine.program()).is_file())
    };
    if let Some(name) = asked {
        return Engine::of(name)
            .ok_or_else(|| anyhow!("--sandbox {name}: one of podman, docker, bwrap"));
    }
    // What needs no daemon first: a client of one that is not running is no engine.
    let order = [Engine::Podman, Engine::Bubblewrap, Engine::Docker];
    order.into_iter().find(is_here).ok_or_else(|| {
        anyhow!(
            "a package of others runs in a sandbox, and here is none of podman, docker and bwrap: install one \
             (Debian: apt install bubblewrap), or ask for --unconfined"
        )
    })
}

/// Fetches a package and judges it in a sandbox; its report, and the digest of the package.
async fn in_sandbox(
    engine: Engine,
    fetch: &Fetch,
    arguments: Vec<String>,
    run: &RunArgs,
    revision: &str,
) -> Result<(Report, Option<String>), Failure> {
    let work = Workplace::new(&run.judging.out)?;
    let (fetched, out) = (work.0.join("fetched"), work.0.join("out"));
    for folder in [&fetched, &out] {
        std::fs::create_dir_all(folder)?;
    }
    let command = sandbox::fetching(engine, fetch, &fetched);
    let command = command.ok_or_else(|| anyhow!("{} cannot fetch {fetch:?}", engine.program()))?;
    finished(&command, FETCHING)
        .await
        .map_err(|error| Failure::new(UNREACHED, error.context("nothing was fetched")))?;
    let (start, digest) = sandbox::entry_point(fetch, &fetched).map_err(|why| anyhow!(why))?;
    let plumb = serve::own_path()?;
    let name = format!("plumb-{}", std::process::id());
    let folders = Folders { plumb: &plumb, fetched: &fetched, out: &out };
    let image = if matches!(fetch, Fetch::Npm(_)) { "node:22-slim" } else { "python:3-slim" };
    let mut command = sandbox::running(engine, &Bounds::default(), folders, image, &name);
    command.extend(inner(run, revision));
    command.extend(start.into_iter().chain(arguments));
    let patience = run.judging.budget().at_most() + BEYOND;
    let ended = finished(&command, patience).await;
    if engine.has_images() {
        // Gone whatever happened; it usually is by itself.
        let _ = finished(&[engine.program(), "rm", "-f", &name].map(str::to_owned), BEYOND).await;
    }
    // A run that found something ends with a code of its own: what counts is whether there is a recording.
    let text = std::fs::read(out.join("run.jsonl"));
    match (text, ended) {
        (Ok(text), _) => {
            let report = Report::from_jsonl(&String::from_utf8_lossy(&text));
            Ok((report.context("the sandbox left no recording")?, digest))
        }
        (Err(_), Err(error)) => Err(Failure::new(UNREACHED, error)),
        (Err(error), Ok(())) => Err(Failure::new(UNREACHED, error)),
    }
}

/// What Plumb is told inside: to judge by the revision of the set, whatever else the server speaks.
fn inner(run: &RunArgs, revision: &str) -> Vec<String> {
    let mut all = ["run", "--quiet", "--out", sandbox::OUT].map(str::to_owned).to_vec();
    all.extend(["--revision".to_owned(), revision.to_owned()]);
    all.extend(["--budget".to_owned(), run.judging.budget().to_string()]);
    all.extend(["--timeout".to_owned(), run.target.timeout.to_string()]);
    all.extend(["--path".to_owned(), run.target.path.clone()]);
    for (option, values) in [
        ("--env", &run.target.env),
        ("--secret", &run.target.secret),
        ("--allow-calls", &run.target.allow_calls),
    ] {
        all.extend(values.iter().flat_map(|value| [option.to_owned(), value.clone()]));
    }
    all.push("--".to_owned());
    all
}

/// Runs a command to its end; its last words if it failed.
async fn finished(command: &[String], patience: Duration) -> anyhow::Result<()> {
    let [program, args @ ..] = command else { bail!("nothing to start") };
    let launch = Launch { program: program.clone(), args: args.to_vec(), ..Launch::default() };
    run::warded()?;
    let process = Process::spawn(&launch, &Limits::default())?;
    let exit = process.wait_exit(patience).await;
    match exit {
        Some(exit) if exit.code == Some(0) => Ok(()),
        Some(_) => bail!("{program} failed: {}", process.stderr_tail().lossy().trim()),
        None => bail!("{program} did not end within {} s", patience.as_secs()),
    }
}

/// A folder that is gone when it is dropped.
struct Workplace(PathBuf);

impl Workplace {
    fn new(beside: &Path) -> anyhow::Result<Self> {
        let folder = beside.join(format!(".sandbox-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        Ok(Self(folder.canonicalize()?))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What is left of it is told by nobody's fault.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Writes the reports of a run that a sandbox carried out, as a run of this process would have.
pub(super) fn write_reports(report: &Report, args: &RunArgs) -> Result<(), Failure> {
    let judging = &args.judging;
    let mut formats = judging.formats.clone();
    formats.junit.get_or_insert_with(|| judging.out.join("junit.xml"));
    formats.html.get_or_insert_with(|| judging.out.join("report.html"));
    formats.json.get_or_insert_with(|| judging.out.join("report.json"));
    output::write_formats(&report.clone().into(), &formats)?;
    let style = output::style(judging.verbose);
    if judging.quiet {
        say::out(&plumb_report::terminal::headline(report, &style));
    } else {
        say::out(&plumb_report::terminal::summary(report, &style));
    }
    Ok(())
}
