//! The other replicas of a server: further processes of its command, or further addresses.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plumb_wire::Limits;
use plumb_wire::process::Launch;

use crate::Target;
use crate::auth::Authority;
use crate::channel::Channel;
use crate::errors::TargetError;
use crate::reach::Reach;
use crate::record::Recorder;
use crate::target::Running;

/// Stands for a folder that all processes of a run share, in a command's arguments and environment.
pub const SHARED_DIR: &str = "{shared.dir}";

/// How many replicas a command has if it names [`SHARED_DIR`] and nothing else is said.
const USUAL: usize = 2;

/// The replicas of a server, as the user names them.
#[derive(Clone, Debug, Default)]
pub struct Replicas {
    /// How many processes of the command run, the first one included; 0 and 1 mean that there are no others.
    pub count: usize,
    /// Further addresses of the same server.
    pub others: Vec<Reach>,
}

impl Replicas {
    /// What is meant for a target: a command that names a shared folder has two if nothing is said.
    #[must_use]
    pub fn or_usual(mut self, target: &Target) -> Self {
        if self.count == 0 && shares(target) {
            self.count = USUAL;
        }
        self
    }

    /// Starts all but the first.
    pub(crate) async fn start(
        &self,
        target: &Target,
        limits: &Limits,
        recorder: &Arc<Recorder>,
        auth: Option<&Authority>,
    ) -> Result<Others, TargetError> {
        let more = if target.is_command() { self.count.saturating_sub(1) } else { 0 };
        let addresses = self.others.iter().cloned().map(Target::Url);
        let mut running = Vec::new();
        for other in std::iter::repeat_n(target.clone(), more).chain(addresses) {
            running.push(other.start(limits, recorder, auth).await?);
        }
        Ok(Others { running, next: AtomicUsize::new(0) })
    }
}

/// The replicas beside the first, started.
pub(crate) struct Others {
    running: Vec<Running>,
    next: AtomicUsize,
}

impl Others {
    /// Their number.
    pub(crate) fn count(&self) -> usize {
        self.running.len()
    }

    /// The one whose turn it is.
    pub(crate) fn next(&self) -> Option<&Channel> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.running.get(turn % self.running.len().max(1)).map(|r| &r.channel)
    }

    /// Ends them.
    pub(crate) async fn stop(self) {
        futures_util::future::join_all(self.running.into_iter().map(Running::stop)).await;
    }
}

fn launch(target: &Target) -> Option<&Launch> {
    match target {
        Target::HttpCommand { launch, .. } | Target::Stdio(launch) => Some(launch),
        Target::Gateway(gateway) => launch(&gateway.behind),
        Target::Url(_)
        | Target::AuthorizationServer(_)
        | Target::Client(_)
        | Target::LedClient(_) => None,
    }
}

/// Whether a command names the shared folder.
pub(crate) fn shares(target: &Target) -> bool {
    let texts = |l: &Launch| {
        l.args.iter().chain(l.env.iter().map(|(_, v)| v)).any(|text| text.contains(SHARED_DIR))
    };
    launch(target).is_some_and(texts)
}

/// The target with the shared folder named.
pub(crate) fn sharing(mut target: Target, folder: &Path) -> Target {
    if let Target::Gateway(gateway) = &mut target {
        gateway.behind = sharing(gateway.behind.clone(), folder);
    }
    if let Target::HttpCommand { launch, .. } | Target::Stdio(launch) = &mut target {
        let fill =
            |text: &mut String| *text = text.replace(SHARED_DIR, &folder.display().to_string());
        launch.args.iter_mut().for_each(fill);
        launch.env.iter_mut().for_each(|(_, value)| fill(value));
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(argument: &str) -> Target {
        let args = vec![argument.to_owned()];
        Target::Stdio(Launch { program: "server".into(), args, ..Launch::default() })
    }

    #[test]
    fn a_command_that_names_the_shared_folder_has_two_replicas() {
        let of = |argument| Replicas::default().or_usual(&command(argument)).count;
        assert_eq!((of("--store={shared.dir}/db"), of("--store=db")), (2, 0));
    }

    #[test]
    fn the_shared_folder_is_named_in_the_arguments() {
        let target = sharing(command("--store={shared.dir}/db"), Path::new("/run/x"));
        assert_eq!(target.address(), "server --store=/run/x/db");
    }
}
