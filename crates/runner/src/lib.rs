//! The engine: starts the target, surveys it, plans, runs checks beside each other and turns what they find into
//! events. What is judged stands in `plumb-checks`; how it is shown, in `plumb-report`.

mod aside;
mod auth;
pub mod authorization_server;
mod bench;
mod channel;
pub mod check;
mod evidence;
pub mod facet;
mod finding;
pub mod generate;
mod lab;
mod observe;
mod pace;
mod passive;
mod probe;
mod props;
mod record;
mod replicas;
mod rows;
mod run;
pub mod sample;
mod scenes;
mod schedule;
mod subject;
pub mod survey;
mod target;
mod tempo;

pub use auth::{Auth, AuthOptions, OTHER_PRINCIPAL, PRINCIPAL};
pub use bench::{Bench, Instance, capable, with_token};
pub use channel::Open;
pub use check::{Applies, Body, Check, Isolation, Scene};
pub use finding::{Finding, Judgement, Trouble};
pub use observe::{Observed, brief, clip};
pub use passive::{Notes, judged};
pub use plumb_oauth::server::LoggedRequest;
pub use plumb_oauth::{Access, Token, TokenDeviation};
pub use probe::Probe;
pub use props::{Found, Prop, Props};
pub use record::Sink;
pub use replicas::{Replicas, SHARED_DIR};
pub use run::{Options, RunError, run, survey_only};
pub use survey::contact::initialize;
pub use survey::tasks::{has_ended, task_capable, task_id};
pub use survey::{AllowCalls, ContactError, Survey};
pub use target::{Reach, Target, TargetError};
