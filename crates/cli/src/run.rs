//! `plumb run` and `plumb init`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use plumb_model::known::Known;
use plumb_model::pack::Pack;
use plumb_model::suite::Suite;
use plumb_model::{Edition, Reports, Secrets};
use plumb_runner::{AllowCalls, Gateway, Options, Replicas, Target};
use plumb_wire::Limits;
use plumb_wire::process::warden;

use crate::args::{InitArgs, JudgingArgs, RunArgs, TargetArgs};
use crate::config::{self, Config};
use crate::reported::{UNREACHED, reported_whole};
use crate::say;
use crate::secrets::Collector;
use crate::target::target;
use crate::{Exit, Failure, authorization_server, login, migrate, output, revisions, serve, watch};

/// At most so many replicas are started.
pub(crate) const MOST_REPLICAS: usize = 16;

/// Judges a server and writes reports.
pub(crate) async fn run(newest: Arc<Edition>, args: RunArgs, secrets: Secrets) -> Exit {
    if args.auth.trust_setup {
        return trust_setup(&args).await;
    }
    if args.watch {
        return watch::watch(newest, args, secrets).await;
    }
    judged(newest, args, secrets).await.map(|reports| reports.outcome().exit_code())
}

/// The same by the revisions that were asked for, or by what it speaks, for whoever has more to say about it.
pub(crate) async fn judged(
    newest: Arc<Edition>,
    mut args: RunArgs,
    secrets: Secrets,
) -> Result<Reports, Failure> {
    if let Some(issuer) = &args.issuer.authorization_server {
        args.target.url = Some(issuer.clone());
    }
    if args.login.login {
        args.auth.login = Some(login::sign_in(&args, &secrets).await?);
    }
    let (edition, by) = revisions::begin(newest, &args);
    let options = options(edition, &args, &secrets)?;
    let audit = migrate::of_legacy(&options);
    let further = |revision: &str| {
        let edition = Edition::of(revision).map(Arc::new);
        let edition = edition.with_context(|| format!("revision {revision} is not judged"))?;
        options_again(edition, &args, &secrets)
    };
    let reports = reported_whole(options, by, &args.judging, &further).await?;
    let legacy = reports.only().filter(|report| report.run.target.era == "legacy");
    if let Some(report) = legacy.filter(|_| args.revision.is_none() && !args.judging.quiet) {
        migrate::first_lines(audit, &report.run.target.address).await;
    }
    Ok(reports)
}

/// What a run is to do, by an edition; what is to be known about the command line is said.
pub(crate) fn options(
    edition: Arc<Edition>,
    args: &RunArgs,
    secrets: &Secrets,
) -> Result<Options, Failure> {
    let mut collector = Collector::new(secrets);
    let options = collected(edition, args, secrets, &mut collector)?;
    output::notes(&collector.notes);
    watched(&options.target)?;
    Ok(options)
}

/// The same by another edition, after it was said.
fn options_again(
    edition: Arc<Edition>,
    args: &RunArgs,
    secrets: &Secrets,
) -> Result<Options, Failure> {
    collected(edition, args, secrets, &mut Collector::new(secrets))
}

fn collected(
    edition: Arc<Edition>,
    args: &RunArgs,
    secrets: &Secrets,
    collector: &mut Collector<'_>,
) -> Result<Options, Failure> {
    let config = Config::read(args.target.config.as_deref(), &edition.positions)?;
    let known = known(&edition, args.judging.known.as_deref(), &config)?;
    let suite = suite(&edition, args)?;
    let target = target(&args.target, args.auth.on || suite.needs_tokens(), collector)?;
    let target = args.issuer.judged(target, &args.auth, collector);
    let target = gateway(target, args, collector)?;
    let replicas = replicas(args, collector)?;
    let packs = packs(&edition, &args.vectors, &mut collector.notes)?;
    let auth = args.auth.options(&target);
    Ok(Options {
        edition,
        target,
        suite,
        only: args.judging.only.clone(),
        known,
        other_sides: config.other_sides,
        packs,
        props: config.props,
        props_at: config.props_at,
        allow_calls: allow(&args.target, &config.allow_calls),
        seed: args.judging.seed,
        concurrency: args.jobs.max(1),
        rate: args.rate,
        budget: args.judging.budget(),
        max_report: args.judging.max_report.saturating_mul(1 << 20),
        limits: limits(&args.target),
        secrets: secrets.clone(),
        started: now(),
        auth,
        replicas,
    })
}

/// The target as a gateway, if the server behind it is named.
fn gateway(
    target: Target,
    args: &RunArgs,
    collector: &mut Collector<'_>,
) -> Result<Target, Failure> {
    let Some(behind) = &args.behind else { return Ok(target) };
    let behind = TargetArgs { url: Some(behind.clone()), ..args.target.clone() };
    let behind = crate::target::target(&behind, false, collector)
        .map_err(|Failure { code, error }| Failure::new(code, error.context("--behind")))?;
    match target {
        Target::Url(reach) => Ok(Target::Gateway(Box::new(Gateway { reach, behind }))),
        _ => Err(anyhow!("--behind needs the address of the gateway").into()),
    }
}

/// Says what a target behind an address is to be told, before a run with the same `--auth-port`.
async fn trust_setup(args: &RunArgs) -> Exit {
    let Some(url) = &args.target.url else {
        return Err(anyhow!(
            "--trust-setup needs the address of the server: a command is told by placeholders"
        )
        .into());
    };
    if args.auth.port == 0 {
        return Err(anyhow!(
            "--trust-setup needs --auth-port: the server is told an address that stays"
        )
        .into());
    }
    let setup = args.auth.given().setup(url, args.judging.seed).await;
    say::out(&setup.map_err(|error| Failure::new(UNREACHED, error))?);
    Ok(0)
}

/// Surveys a server and writes what it found as a commented configuration.
pub(crate) async fn init(edition: Arc<Edition>, args: InitArgs, secrets: Secrets) -> Exit {
    if args.write.exists() {
        return Err(anyhow!(
            "{} exists already: name another file with --write",
            args.write.display()
        )
        .into());
    }
    let mut collector = Collector::new(&secrets);
    let target = target(&args.target, false, &mut collector)?;
    output::notes(&collector.notes);
    watched(&target)?;
    let allow = allow(&args.target, &[]);
    let limits = limits(&args.target);
    let by = async |edition| {
        let survey =
            plumb_runner::survey_only(edition, &target, &limits, secrets.clone(), &allow).await;
        survey.map_err(|error| Failure::new(UNREACHED, error))
    };
    let mut survey = by(edition).await?;
    // Who speaks earlier revisions alone was asked for nothing so far.
    if let Some(earlier) = survey.legacy_only.as_deref().and_then(Edition::of) {
        survey = by(Arc::new(earlier)).await?;
    }
    output::write(&args.write, &config::starter(&survey, &secrets, &args.target))?;
    say::line(&format!(
        "{}: {} with known behaviour found, {} not; each says what it is and how many checks it unlocks",
        args.write.display(),
        plumb_report::text::counted(survey.props.len(), "thing"),
        plumb_runner::Prop::ALL.len().saturating_sub(survey.props.len())
    ));
    Ok(0)
}

fn replicas(args: &RunArgs, collector: &mut Collector<'_>) -> Result<Replicas, Failure> {
    if args.replicas > MOST_REPLICAS {
        return Err(
            anyhow!("--replicas {}: at most {MOST_REPLICAS} are started", args.replicas).into()
        );
    }
    let other = |url: &String| {
        let one = TargetArgs { url: Some(url.clone()), ..args.target.clone() };
        match target(&one, false, collector)? {
            Target::Url(reach) => Ok(reach),
            _ => Err(anyhow!("--replica `{url}` is no address").into()),
        }
    };
    let others = args.replica.iter().map(other).collect::<Result<_, Failure>>()?;
    Ok(Replicas { count: args.replicas, others })
}

/// Has the processes of a target ended even if Plumb itself is killed.
pub(crate) fn watched(target: &Target) -> anyhow::Result<()> {
    if !target.is_command() {
        return Ok(());
    }
    warded()
}

/// Has every process that is started from now on ended with Plumb.
pub(crate) fn warded() -> anyhow::Result<()> {
    warden::appoint(&serve::own_path()?, &["warden"]).context("the warden could not be started")
}

pub(crate) fn limits(args: &TargetArgs) -> Limits {
    Limits { answer: Duration::from_secs(args.timeout.max(1)), ..Limits::default() }
}

pub(crate) fn allow(args: &TargetArgs, configured: &[String]) -> AllowCalls {
    let mut names: Vec<String> = args.allow_calls.iter().chain(configured).cloned().collect();
    if args.url.is_none() && args.server.is_empty() {
        // The reference's own pair of tools with a handle between them changes nothing but its basket.
        names.extend(["create_basket", "add_item"].map(str::to_owned));
    }
    AllowCalls { all: names.iter().any(|n| n == "all"), names }
}

/// What the user knows and accepts. One list serves all revisions: of it, what this one has and what is not for another alone.
pub(crate) fn known(
    edition: &Edition,
    file: Option<&Path>,
    config: &Config,
) -> anyhow::Result<Known> {
    if file.is_none() && config.known.is_empty() {
        return Ok(Known::default());
    }
    let all: Vec<Edition> = Edition::revisions().into_iter().filter_map(Edition::of).collect();
    let mut known = match file {
        Some(path) => {
            Known::parse(&path.display().to_string(), &config::read(path)?, edition, &all)?
        }
        None => Known::default(),
    };
    known.0.extend(Known::checked("plumb.toml: [known]", &config.known, edition, &all)?.0);
    Ok(known)
}

pub(crate) fn suite(edition: &Edition, args: &RunArgs) -> anyhow::Result<Suite> {
    let of_issuers = args.issuer.authorization_server.is_some() && args.judging.suite == "core";
    let name = if of_issuers { authorization_server::SUITE } else { &args.judging.suite };
    asked_suite(edition, name, &args.judging)
}

/// The suite of a name, with what the command line adds to its policy.
pub(crate) fn asked_suite(
    edition: &Edition,
    name: &str,
    args: &JudgingArgs,
) -> anyhow::Result<Suite> {
    let mut suite = named_suite(edition, name)?;
    suite.policy.strict |= args.strict;
    suite.policy.deny_unverified |= args.deny_unverified;
    Ok(suite)
}

/// A suite by its name, or from a file.
pub(crate) fn named_suite(edition: &Edition, name: &str) -> anyhow::Result<Suite> {
    if let Some(suite) = edition.suite(name) {
        return Ok(suite?);
    }
    let path = Path::new(name);
    if !path.exists() {
        let names = edition.suite_names().join(", ");
        let revision = &edition.revision;
        bail!("{revision} has no suite `{name}`: use {names}, or name a TOML file");
    }
    Ok(Suite::parse(name, &config::read(path)?, &edition.ledger)?)
}

/// The packs built in and those of these folders; what is left out of them is noted.
fn packs(
    edition: &Edition,
    folders: &[std::path::PathBuf],
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<Pack>> {
    let mut packs = plumb_checks::packs(edition)?;
    packs.extend(own_packs(edition, folders, notes)?.into_iter().map(|(_, pack)| pack));
    Ok(packs)
}

/// The packs of these folders, each with its file; what is left out of them is noted.
pub(crate) fn own_packs(
    edition: &Edition,
    folders: &[std::path::PathBuf],
    notes: &mut Vec<String>,
) -> anyhow::Result<Vec<(String, Pack)>> {
    let mut packs = Vec::new();
    let found = crate::vectors::found(folders)?;
    notes.extend(found.ignored.iter().map(|path| {
        format!("--vectors: {} is ignored: a pack is named pack.json", path.display())
    }));
    for path in found.packs {
        let file = path.display().to_string();
        let pack = Pack::parse(&file, &config::read(&path)?)?;
        if let Some(error) = pack.lint(&file, &edition.ledger).into_iter().next() {
            return Err(error.into());
        }
        if !pack.is_for(edition) {
            let revision = &edition.revision;
            notes.push(format!("--vectors: {file} is ignored: it is not for revision {revision}"));
        }
        packs.push((file, pack));
    }
    Ok(packs)
}

pub(crate) fn now() -> String {
    let format = time::format_description::well_known::Rfc3339;
    let now = time::OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now).format(&format).unwrap_or_default()
}
