//! Running flows, interrupted as the vectors of kind `interruption` say, and what must still hold.

mod input;
mod interrupter;
mod page;
mod task;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use plumb_model::pack::{Act, Base, Interruption, Kind, Moment};
use plumb_runner::{Bench, Judgement, Trouble};

use interrupter::{Interrupter, Trail};
pub use task::stripped;

/// A vector on a base.
struct Planned {
    address: String,
    title: String,
    base: Base,
    what: Interruption,
}

/// A flow that stands where its vector wants it.
enum Flow {
    Page(page::Page),
    Input(input::Asked),
    Task(task::Handle),
}

/// A flow on its way to its case.
struct Running {
    address: String,
    title: String,
    what: Interruption,
    trail: Trail,
    begun: Result<Flow, Trouble>,
}

/// Judges each vector that names the bench's check as a case. Those of one act share it: all flows are begun, it
/// happens, all go on.
pub async fn cases(bench: &Bench) {
    let mut acts: BTreeMap<Act, Vec<Planned>> = BTreeMap::new();
    for (address, base, vector) in bench.vectors() {
        if let Kind::Interruption(what) = vector.kind
            && interrupter::possible(bench, what.act)
        {
            let planned = Planned { address, title: vector.title, base, what };
            acts.entry(what.act).or_default().push(planned);
        }
    }
    for (act, planned) in acts {
        interrupted(bench, act, planned).await;
    }
}

async fn interrupted(bench: &Bench, act: Act, planned: Vec<Planned>) {
    let mut interrupter = match Interrupter::set(bench, act).await {
        Ok(interrupter) => interrupter,
        Err(trouble) => {
            for plan in planned {
                bench.case(&plan.address, plan.title, Err(trouble.clone()));
            }
            return;
        }
    };
    let begun = join_all(planned.into_iter().map(|plan| begin(&interrupter, plan))).await;
    let happened = interrupter.interrupt().await;
    let judged = join_all(begun.into_iter().flatten().map(|flow| {
        let (happened, interrupter) = (happened.clone(), &interrupter);
        async move {
            let judgement = match (happened, &flow.begun) {
                (Err(trouble), _) => Err(trouble),
                (_, Err(trouble)) => Err(trouble.clone()),
                (Ok(()), Ok(begun)) => begun.go_on(interrupter, &flow.trail, flow.what).await,
            };
            (flow, judgement)
        }
    }))
    .await;
    for (flow, judgement) in judged {
        bench.forget();
        flow.trail.seqs().into_iter().for_each(|seq| bench.note_seq(seq));
        bench.case(&flow.address, flow.title, judgement);
    }
    interrupter.end().await;
}

/// Brings the flows of a vector to where it wants them: one, or one for each request that asks for input.
async fn begin(interrupter: &Interrupter<'_>, plan: Planned) -> Vec<Running> {
    let Planned { address, title, base, what } = plan;
    if what.at == Moment::Asked {
        let asked = input::begin(interrupter, base).await;
        let named = |(slug, name, trail, begun): (String, String, Trail, _)| Running {
            address: format!("{address}-{slug}"),
            title: format!("{title}: {name:?}"),
            what,
            trail,
            begun: Result::map(begun, Flow::Input),
        };
        return asked.into_iter().map(named).collect();
    }
    let trail = Trail::default();
    let begun = if what.at == Moment::FirstPage {
        page::begin(interrupter, &trail, base).await.map(Flow::Page)
    } else {
        task::begin(interrupter, &trail, what.at).await.map(Flow::Task)
    };
    vec![Running { address, title, what, trail, begun }]
}

impl Flow {
    async fn go_on(
        &self,
        interrupter: &Interrupter<'_>,
        trail: &Trail,
        what: Interruption,
    ) -> Judgement {
        match self {
            Self::Page(page) => page.go_on(interrupter, trail).await,
            Self::Input(asked) => asked.go_on(interrupter, trail).await,
            Self::Task(task) => task.go_on(interrupter, trail, what.then).await,
        }
    }
}
