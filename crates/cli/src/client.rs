//! Clients: judging one, and being ours.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use plumb_model::pack::Kind;
use plumb_model::shell::quoted;
use plumb_model::{Edition, Secrets};
use plumb_reference::{CLIENT_MUTANTS, CLIENT_STYLES, Client, ClientChoices, ClientRules};
use plumb_runner::client::{
    Case, ClientCommand, Drive, Listening, Mock, Place, Scenario, Stop, Waiting,
};
use plumb_runner::{AllowCalls, Budget, Options, Props, Replicas, Target};
use plumb_wire::process::Launch;
use plumb_wire::{Limits, Transport};

use crate::args::{ClientArgs, MockArgs, ReferenceClientArgs};
use crate::config::Config;
use crate::lead::Page;
use crate::reported::{UNREACHED, reported};
use crate::run::{asked_suite, known, now, own_packs, watched};
use crate::say::{say, tell};
use crate::secrets::Collector;
use crate::target::env;
use crate::{Exit, Failure, interrupt, output, serve};

/// Within which time a run ends in which somebody leads a client, if nothing else is asked for.
const ATTENDED: Duration = Duration::from_secs(3600);

/// Judges a client and writes reports.
pub(crate) async fn judge(edition: Arc<Edition>, args: ClientArgs, secrets: Secrets) -> Exit {
    let config = Config::read(args.config.as_deref(), &edition.positions)?;
    let judging = &args.judging;
    let known = known(&edition, judging.known.as_deref(), &config)?;
    let suite = asked_suite(&edition, &judging.suite, judging)?;
    let limits = Limits::default();
    let mut collector = Collector::new(&secrets);
    collector.given(&args.secret)?;
    let given = given(&edition, &args.vectors, &mut collector.notes)?;
    let (target, _page) = match args.listen {
        Some(address) => {
            let (listening, page) = waiting(&edition, &args, &given, address, &limits).await?;
            (Target::LedClient(listening), Some(page))
        }
        None => (Target::Client(Box::new(command(&args, given, &mut collector)?)), None),
    };
    output::notes(&collector.notes);
    watched(&target)?;
    let budget = match (judging.budget, args.listen) {
        (None, Some(_)) => Budget::Within(ATTENDED),
        _ => judging.budget(),
    };
    let options = Options {
        target,
        suite,
        only: judging.only.clone(),
        known,
        other_sides: config.other_sides,
        packs: Vec::new(),
        props: Props::new(),
        props_at: BTreeMap::new(),
        allow_calls: AllowCalls::default(),
        seed: judging.seed,
        concurrency: 1,
        rate: None,
        budget,
        max_report: judging.max_report.saturating_mul(1 << 20),
        limits,
        secrets,
        started: now(),
        auth: None,
        replicas: Replicas::default(),
        edition,
    };
    reported(options, judging).await
}

/// How the client is started.
fn command(
    args: &ClientArgs,
    given: Vec<Scenario>,
    collector: &mut Collector<'_>,
) -> Result<ClientCommand, Failure> {
    let command = ClientCommand {
        launch: launch(args)?,
        patience: Duration::from_secs(args.timeout.max(1)),
        scenarios: scenarios(args, &given)?,
        given,
        drive: drive(args),
        over: over(args.stdio),
        relay: relay()?,
        stop: Stop::default(),
    };
    collector.command(&command.launch);
    Ok(command)
}

fn drive(args: &ClientArgs) -> Drive {
    match (args.steps, args.plain) {
        (true, _) => Drive::Steps,
        (_, true) => Drive::Plain,
        _ => Drive::Official,
    }
}

fn over(stdio: bool) -> Transport {
    if stdio { Transport::Stdio } else { Transport::StreamableHttp }
}

/// The servers that wait for a client, and the page that leads it to them.
async fn waiting(
    edition: &Arc<Edition>,
    args: &ClientArgs,
    given: &[Scenario],
    address: SocketAddr,
    limits: &Limits,
) -> Result<(Arc<Listening>, Page), Failure> {
    let mut scenarios = scenarios(args, given)?;
    let (drive, over) = (drive(args), over(args.stdio));
    let led = |s: &Scenario| s.is_led_by_hand() && s.is_over(over);
    if let Some(other) = scenarios.iter().find(|scenario| !led(scenario)) {
        let why = "it is not played over this transport, or depends on when things are done";
        return Err(anyhow!("nobody can lead a client through `{}`: {why}", other.label()).into());
    }
    if scenarios.is_empty() {
        let all = Scenario::all().into_iter().chain(given.iter().copied());
        scenarios = all.filter(|s| led(s) && s.is_driven_by(drive)).collect();
    }
    let taken = |error| Failure::new(UNREACHED, error);
    let page = Page::bind(address).await.map_err(taken)?;
    let after = if address.port() == 0 { 0 } else { page.address().port() };
    let waiting = Waiting { scenarios, over, relay: relay()?, after, address: page.url() };
    let listening = Listening::open(edition, waiting, limits).await;
    let listening = listening.map_err(|error| Failure::new(UNREACHED, error))?;
    let listening = Arc::new(listening);
    page.leads_to(&listening);
    tell!("{} says what to do; interrupt to judge what was seen until then", page.url());
    Ok((listening, page))
}

/// The scenarios that are asked for, by their labels.
fn scenarios(args: &ClientArgs, given: &[Scenario]) -> anyhow::Result<Vec<Scenario>> {
    args.scenario.iter().map(|label| named(label, given)).collect()
}

/// The scenarios that are vectors of these folders; what is left out of them is noted.
fn given(
    edition: &Edition,
    folders: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<Vec<Scenario>, Failure> {
    let mut given: Vec<Scenario> = Vec::new();
    for (file, pack) in own_packs(edition, folders, notes)? {
        let usage = |why: String| Failure::new(2, anyhow!("{file}: {why}"));
        for case in Case::of(&pack).map_err(usage)? {
            let scenario = Scenario::Answered(case);
            if given.contains(&scenario) {
                return Err(usage(format!("`{}` is in another pack, too", scenario.label())));
            }
            given.push(scenario);
        }
        if pack.vectors().all(|vector| !matches!(vector.kind, Kind::Answered(_))) {
            notes.push(format!("--vectors: {file} is ignored: none of its vectors is `answered`"));
        }
    }
    Ok(given)
}

fn named(label: &str, given: &[Scenario]) -> anyhow::Result<Scenario> {
    let all = || Scenario::all().into_iter().chain(given.iter().copied());
    let known = || all().map(Scenario::label).collect::<Vec<_>>().join(", ");
    let found = all().find(|scenario| scenario.label() == label);
    found.ok_or_else(|| anyhow!("there is no scenario `{label}`, but {}", known()))
}

/// The command that stands for a server that a client starts.
fn relay() -> anyhow::Result<Vec<String>> {
    Ok(vec![serve::own_path()?.display().to_string(), "relay".to_owned()])
}

/// Is the server of one scenario, until it is stopped.
pub(crate) async fn mock(edition: &Arc<Edition>, args: MockArgs) -> Exit {
    let usage = |error: anyhow::Error| Failure::new(2, error);
    let mut notes = Vec::new();
    let given = given(edition, &args.vectors, &mut notes)?;
    output::notes(&notes);
    let scenario = named(&args.scenario, &given).map_err(usage)?;
    let over = over(args.stdio);
    if !scenario.is_over(over) {
        let error = anyhow!("`{}` is not played over {}", args.scenario, over.name());
        return Err(Failure::new(2, error));
    }
    let mock = Mock::start(edition, scenario, over, args.port, relay()?).await?;
    let place = match mock.place() {
        Place::Url(url) => url.clone(),
        Place::Command(command) => {
            command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        }
    };
    tell!("{place}");
    let set = mock.environment().iter().map(|(name, value)| format!("{name}={}", quoted(value)));
    let set: Vec<String> = set.collect();
    tell!("start the client so:\n  {} CLIENT {place}", set.join(" "));
    interrupt::interrupted().await;
    let came = mock.stop().await;
    tell!("{came} messages came");
    Ok(0)
}

fn launch(args: &ClientArgs) -> anyhow::Result<Launch> {
    let own = || -> anyhow::Result<Vec<String>> {
        let own = vec![serve::own_path()?.display().to_string(), "reference-client".to_owned()];
        let streams = args.stdio.then(|| "--".to_owned());
        Ok(own.into_iter().chain(streams).collect())
    };
    let words = if args.command.is_empty() { own()? } else { args.command.clone() };
    let mut words = words.into_iter();
    let program = words.next().unwrap_or_default();
    Ok(Launch { program, args: words.collect(), env: env(&args.env)?, ..Launch::default() })
}

/// Is the reference client for one scenario.
pub(crate) async fn act(args: ReferenceClientArgs) -> Exit {
    if args.rules {
        for mutant in CLIENT_MUTANTS {
            say!("{:<44} {}", mutant.name, mutant.kills);
        }
        for style in CLIENT_STYLES {
            say!("--style {}", style.name);
        }
        return Ok(0);
    }
    let rules = match &args.broken {
        None => ClientRules::SPEC,
        Some(name) => {
            let mutant = CLIENT_MUTANTS.iter().find(|mutant| mutant.name == name);
            let unknown = || {
                anyhow!(
                    "the reference client has no rule `{name}`: see `plumb reference-client --rules`"
                )
            };
            mutant.ok_or_else(unknown)?.rules
        }
    };
    let failed = |why: String| Failure::new(1, anyhow!(why));
    let choices = choices(args.style.as_deref())?;
    let client = match args.url {
        Some(url) => Client::new(&url, rules),
        None => Client::piped(args.server, rules),
    };
    let client = client.map_err(failed)?;
    let client = client.styled(choices);
    let client = if args.modern { client.modern() } else { client };
    let mut client = if args.dual { client.dual() } else { client };
    client.act().await.map_err(failed)?;
    Ok(0)
}

/// What a client of this style chooses.
fn choices(style: Option<&str>) -> anyhow::Result<ClientChoices> {
    let Some(name) = style else { return Ok(ClientChoices::default()) };
    let style = CLIENT_STYLES.iter().find(|style| style.name == name);
    let unknown = || anyhow!("the reference client has no style `{name}`");
    Ok(style.ok_or_else(unknown)?.choices)
}
