//! Clients: judging one, and being ours.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use plumb_model::{Edition, Secrets};
use plumb_reference::{CLIENT_MUTANTS, Client, ClientRules};
use plumb_runner::client::{ClientCommand, Drive, Scenario};
use plumb_runner::{AllowCalls, Options, Props, Replicas, Target};
use plumb_wire::Limits;
use plumb_wire::process::Launch;

use crate::args::{ClientArgs, ReferenceClientArgs};
use crate::config::Config;
use crate::reported::reported;
use crate::run::{asked_suite, known, now, watched};
use crate::say::say;
use crate::secrets::Collector;
use crate::target::env;
use crate::{Exit, Failure, output, serve};

/// Judges a client and writes reports.
pub(crate) async fn judge(edition: Arc<Edition>, args: ClientArgs, secrets: Secrets) -> Exit {
    let config = Config::read(args.config.as_deref(), &edition.positions)?;
    let judging = &args.judging;
    let known = known(&edition, judging.known.as_deref(), &config)?;
    let suite = asked_suite(&edition, &judging.suite, judging)?;
    let patience = Duration::from_secs(args.timeout.max(1));
    let drive = match (args.steps, args.plain) {
        (true, _) => Drive::Steps,
        (_, true) => Drive::Plain,
        _ => Drive::Official,
    };
    let scenarios = scenarios(&args)?;
    let command = ClientCommand { launch: launch(&args)?, patience, scenarios, drive };
    let mut collector = Collector::new(&secrets);
    collector.given(&args.secret)?;
    collector.command(&command.launch);
    output::notes(&collector.notes);
    let target = Target::Client(Box::new(command));
    watched(&target)?;
    let options = Options {
        target,
        suite,
        only: judging.only.clone(),
        known,
        other_sides: config.other_sides,
        packs: Vec::new(),
        props: Props::new(),
        allow_calls: AllowCalls::default(),
        seed: judging.seed,
        concurrency: 1,
        rate: None,
        budget: judging.budget,
        max_report: judging.max_report.saturating_mul(1 << 20),
        limits: Limits::default(),
        secrets,
        started: now(),
        auth: None,
        replicas: Replicas::default(),
        edition,
    };
    reported(options, judging).await
}

/// The scenarios that are asked for, by their labels.
fn scenarios(args: &ClientArgs) -> anyhow::Result<Vec<Scenario>> {
    let named = |label: &String| {
        let known =
            || Scenario::all().into_iter().map(Scenario::label).collect::<Vec<_>>().join(", ");
        let found = Scenario::all().into_iter().find(|scenario| scenario.label() == label);
        found.ok_or_else(|| anyhow!("there is no scenario `{label}`, but {}", known()))
    };
    args.scenario.iter().map(named).collect()
}

fn launch(args: &ClientArgs) -> anyhow::Result<Launch> {
    let own = || -> anyhow::Result<Vec<String>> {
        Ok(vec![serve::own_path()?.display().to_string(), "reference-client".to_owned()])
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
    let client = Client::new(&args.url.unwrap_or_default(), rules).map_err(failed)?;
    let mut client = if args.dual { client.dual() } else { client };
    client.act().await.map_err(failed)?;
    Ok(0)
}
