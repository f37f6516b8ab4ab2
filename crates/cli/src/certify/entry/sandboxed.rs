//! Judging a package of others where it can do no harm: Plumb itself runs in the sandbox, and only its recording leaves.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use plumb_entry::sandbox::{self, Bounds, Container, Engine, Folders};
use plumb_entry::{Answers, Fetch};
use plumb_model::Report;
use plumb_wire::Limits;
use plumb_wire::limits::{RECORDING, read_file};
use plumb_wire::process::{Launch, Process};

use super::fetched::{Fetched, fetched};
use crate::args::RunArgs;
use crate::reported::UNREACHED;
use crate::{Failure, run, serve};

/// What a run may take beyond its budget before its sandbox is ended.
const BEYOND: Duration = Duration::from_secs(60);

/// Why a package is judged in no sandbox, whatever engine is here, and what to do instead.
pub(super) fn beyond_sandboxes(fetch: &Fetch) -> Option<String> {
    let Fetch::Nuget(id) = fetch else { return None };
    Some(format!(
        "{id} is a tool of NuGet, which is not fetched into a sandbox yet: --unconfined runs it by dnx"
    ))
}

/// The engine that was asked for, or the first that is here; one with images for an image.
pub(super) fn engine(asked: Option<&str>, fetch: &Fetch) -> anyhow::Result<Engine> {
    let is_here = |engine: &Engine| {
        let paths = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&paths).any(|folder| folder.join(engine.program()).is_file())
    };
    let is_image = matches!(fetch, Fetch::Image(_));
    if let Some(name) = asked {
        let engine = Engine::of(name)
            .ok_or_else(|| anyhow!("--sandbox {name}: one of podman, docker, bwrap"))?;
        if is_image && !engine.has_images() {
            bail!("--sandbox {name} has no images, and the package is one: podman or docker");
        }
        return Ok(engine);
    }
    // What needs no daemon first: a client of one that is not running is no engine.
    let order = [Engine::Podman, Engine::Bubblewrap, Engine::Docker];
    let mut fit = order.into_iter().filter(|engine| engine.has_images() || !is_image);
    fit.find(is_here).ok_or_else(|| {
        let (needed, remedy) = if is_image {
            ("neither of podman and docker", "apt install podman")
        } else {
            ("none of podman, docker and bwrap", "apt install bubblewrap")
        };
        anyhow!(
            "a package of others runs in a sandbox, and here is {needed}: install one (Debian: {remedy}), or ask for \
             --unconfined"
        )
    })
}

/// Where a package is judged, and by what.
#[derive(Clone, Copy)]
pub(super) struct Sandbox<'a> {
    pub(super) engine: Engine,
    pub(super) bounds: &'a Bounds,
    pub(super) answers: &'a Answers,
}

impl Sandbox<'_> {
    /// Fetches a package and judges it; its report, and the digest of the package.
    pub(super) async fn judged(
        self,
        fetch: &Fetch,
        arguments: &[String],
        run: &RunArgs,
    ) -> Result<(Report, Option<String>), Failure> {
        let Self { engine, bounds, answers } = self;
        let work = Workplace::new(&run.judging.out)?;
        let (place, out) = (work.0.join("fetched"), work.0.join("out"));
        for folder in [&place, &out] {
            std::fs::create_dir_all(folder)?;
        }
        open_to_all(&out)?;
        let fetched = fetched(engine, fetch, &place, arguments, answers).await?;
        let plumb = serve::own_path()?;
        let name = format!("plumb-{}", std::process::id());
        let folders = Folders { plumb: &plumb, fetched: &place, out: &out };
        let container = Container { image: &fetched.image, folder: &fetched.folder, name: &name };
        let mut command = sandbox::running(engine, bounds, folders, container);
        command.extend(inner(run, &fetched));
        command.extend(fetched.start);
        let patience = run.judging.budget().at_most() + BEYOND;
        let ended = finished(&command, patience).await;
        if engine.has_images() {
            // Gone whatever happened; it usually is by itself.
            let _ =
                finished(&[engine.program(), "rm", "-f", &name].map(str::to_owned), BEYOND).await;
        }
        // A run that found something ends with a code of its own: what counts is whether there is a recording.
        let text = read_file(&out.join("run.jsonl"), RECORDING);
        match (text, ended) {
            (Ok(text), _) => {
                let report = Report::from_jsonl(&String::from_utf8_lossy(&text));
                Ok((report.context("the sandbox left no recording")?, fetched.digest))
            }
            (Err(_), Err(error)) => Err(Failure::new(UNREACHED, error)),
            (Err(error), Ok(())) => Err(Failure::new(UNREACHED, error)),
        }
    }
}

/// What Plumb is told inside: to judge by one revision, whatever else the server speaks, and that every tool may be called,
/// unless some are named: here it can harm nothing.
fn inner(run: &RunArgs, fetched: &Fetched) -> Vec<String> {
    let mut all = ["run", "--quiet", "--out", sandbox::OUT].map(str::to_owned).to_vec();
    all.extend(run.revision.iter().flat_map(|revision| ["--revision".to_owned(), revision.word()]));
    all.extend(["--budget".to_owned(), run.judging.budget().to_string()]);
    all.extend(["--timeout".to_owned(), run.target.timeout.to_string()]);
    all.extend(["--path".to_owned(), run.target.path.clone()]);
    let pairs = |all: &[(String, String)]| -> Vec<String> {
        all.iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    let named = &run.target.allow_calls;
    let allowed = if named.is_empty() { &vec!["all".to_owned()] } else { named };
    for (option, values) in [
        ("--env", &pairs(&fetched.env)),
        ("--secret", &pairs(&fetched.secrets)),
        ("--env", &run.target.env),
        ("--secret", &run.target.secret),
        ("--allow-calls", allowed),
    ] {
        all.extend(values.iter().flat_map(|value| [option.to_owned(), value.clone()]));
    }
    all.push("--".to_owned());
    all
}

/// Runs a command to its end; its last words if it failed.
pub(super) async fn finished(command: &[String], patience: Duration) -> anyhow::Result<()> {
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

/// A folder that is gone when it is dropped, and that nobody else can enter.
struct Workplace(PathBuf);

impl Workplace {
    fn new(beside: &Path) -> anyhow::Result<Self> {
        let folder = beside.join(format!(".sandbox-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        close_to_others(&folder)?;
        Ok(Self(folder.canonicalize()?))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What is left of it is told by nobody's fault.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An image may run as any user; what it can write to is in a folder that others cannot enter.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o777))
}

#[cfg(unix)]
fn close_to_others(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700))
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command};

    /// What the command line inside comes to.
    fn told(words: &[&str]) -> Box<RunArgs> {
        let read = |words: Vec<String>| Args::try_parse_from(words).map(|args| args.command);
        let outside = ["plumb", "run"].iter().chain(words).map(|word| (*word).to_owned());
        let Ok(Command::Run(outside)) = read(outside.collect()) else { panic!("no run") };
        let start = vec!["node".to_owned(), "--allow-calls".to_owned()];
        let fetched = Fetched::new(start, "image", None);
        let words = inner(&outside, &fetched).into_iter().chain(fetched.start);
        let words = std::iter::once("plumb".to_owned()).chain(words);
        let Ok(Command::Run(inside)) = read(words.collect()) else { panic!("no run inside") };
        inside
    }

    #[test]
    fn what_is_confined_may_be_called_unless_some_tools_are_named() {
        assert_eq!(told(&[]).target.allow_calls, ["all"]);
        let named = told(&["--allow-calls", "a", "--allow-calls", "b", "--revision", "newest"]);
        assert_eq!(named.target.allow_calls, ["a", "b"]);
        assert_eq!(named.revision.map(|revision| revision.word()).as_deref(), Some("newest"));
        assert_eq!(named.target.server, ["node", "--allow-calls"]);
    }
}
