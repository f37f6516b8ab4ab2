//! What ends the processes of targets when this process is killed and can end nothing any more: a helper that is told
//! of each group, and ends those that are left when its standard input ends.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::group::{self, Group};
use super::strays::Mark;
use super::{KILL, LOOK, Signal};

/// What is left is asked to end, and gets so long for it.
const GRACE: Duration = Duration::from_secs(1);

static WARDEN: OnceLock<Mutex<Child>> = OnceLock::new();

/// What a warden is told of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It was started.
    Begins,
    /// Nothing is left of it.
    Gone,
}

impl Word {
    const fn sign(self) -> char {
        match self {
            Self::Begins => '+',
            Self::Gone => '-',
        }
    }
}

/// Starts the helper, once for this process: a program that calls [`keep_watch`] on its standard input. Every group that
/// is started from now on is in its care.
pub fn appoint(program: &Path, arguments: &[&str]) -> io::Result<()> {
    if WARDEN.get().is_some() {
        return Ok(());
    }
    // A group of its own: what ends ours must not end it.
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    group::apart(&mut command);
    let mut child = command.spawn()?;
    if let Some(input) = child.stdin.as_mut() {
        input.write_all(format!("={}\n", Mark::ours().text()).as_bytes())?;
    }
    WARDEN.get_or_init(|| Mutex::new(child));
    Ok(())
}

/// Lets the helper go, if there is one, once it has ended what is left.
pub fn dismiss() {
    let Some(warden) = WARDEN.get() else { return };
    let mut warden = warden.lock().unwrap_or_else(PoisonError::into_inner);
    // Waiting closes its standard input first; it takes no longer than its patience.
    let _ = warden.wait();
}

/// Tells the helper, if there is one.
pub(super) fn tell(word: Word, group: i32) {
    let Some(warden) = WARDEN.get() else { return };
    let mut warden = warden.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(input) = warden.stdin.as_mut() {
        // A helper that is gone helps nobody; the run goes on without.
        let _ = input.write_all(format!("{}{group}\n", word.sign()).as_bytes());
    }
}

/// What the helper does: reads what it is told until that ends, and ends the groups that are left.
pub fn keep_watch(told: impl BufRead) {
    let mut groups: BTreeMap<i32, Group> = BTreeMap::new();
    let mut mark = None;
    for line in told.lines().map_while(Result::ok) {
        let Some((word, group)) = line.split_at_checked(1) else { continue };
        if word == "=" {
            mark = Some(Mark::told(group));
        }
        let Ok(id) = group.parse::<i32>() else { continue };
        if word == "-" {
            groups.remove(&id);
        } else if let Some(group) = u32::try_from(id).ok().and_then(Group::of) {
            groups.insert(id, group);
        }
    }
    let mut left: Vec<Group> = groups.into_values().collect();
    for (signal, patience) in [(Signal::Terminate, GRACE), (Signal::Kill, KILL)] {
        for group in &left {
            // There is nobody to tell of a failure.
            let _ = group.signal(signal);
        }
        // Of those that have left their groups as well.
        let strays = || mark.as_ref().map_or_else(Vec::new, Mark::found);
        Group::signal_each(&strays(), signal);
        let until = Instant::now() + patience;
        loop {
            left.retain(|group| !group.is_gone());
            if (left.is_empty() && strays().is_empty()) || Instant::now() >= until {
                break;
            }
            sleep(LOOK);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").process_group(0).spawn().expect("it starts")
    }

    #[test]
    fn what_is_left_is_ended_and_what_was_handed_back_is_not() {
        let (mut left, mut back) = (sleeper(), sleeper());
        let told = format!("+{}\n+{}\nnoise\n-{}\n", left.id(), back.id(), back.id());
        // Reaped at once, as the system does with processes that have lost their parent.
        let ended = std::thread::spawn(move || left.wait());
        keep_watch(told.as_bytes());
        let status = ended.join().expect("no panic");
        assert!(!status.expect("a status").success());
        assert!(back.try_wait().expect("a status").is_none());
        back.kill().expect("it runs");
        back.wait().expect("it ends");
    }
}
