//! How a client starts a server, ends it, and starts it again.

use plumb_runner::client::{Moment, Provoked, Received, Scenario};
use plumb_runner::{Marks, check};
use plumb_wire::method;
use plumb_wire::stdio::Life;

use crate::client::conduct::calls;

const COMPLAINING: Scenario = Scenario::Provoked(Provoked::Complaining);
const LASTING: Scenario = Scenario::Provoked(Provoked::Lasting);
const CRASHING: Scenario = Scenario::Provoked(Provoked::Crashing);
const LISTENED: Scenario = Scenario::Provoked(Provoked::CrashingListened);

check! {
    /// **Observed:** a client whose server writes lines with `ERROR` to its standard error, and answers all the while, goes on, and
    /// ends as well as it does elsewhere.
    ///
    /// **Why:** standard error is where servers log, whatever the level.
    ///
    /// **Fix:** show it, keep it or drop it, and judge a server by its answers.
    pub(crate) STDERR = "stdio.client-stderr-not-error";
    happening: stderr
}

fn stderr(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.whole_of(COMPLAINING).is_some() {
        let lives = moment.lives();
        let cut_short = |life: &Life| !life.crashed && life.is_cut_short();
        // One that is ended and started anew was taken for broken, unless that is how this client finds out what it talks to.
        let usual = moment.lives_in(Scenario::ToolsCall).len();
        if usual > 0 && lives.len() > usual && lives.iter().any(cut_short) {
            let why = "it was ended, and another one started";
            return marks.breaks("the server is kept after lines on standard error", why);
        }
    }
    // A client that ends at the first line has asked for nothing there: it is looked at from where all is plain.
    let plain = moment.whole_of(Scenario::ToolsCall).filter(|all| all.iter().any(calls));
    if plain.is_some() && moment.failed(COMPLAINING).is_some() {
        let goes_on = moment.of(COMPLAINING).iter().any(calls);
        let fails = moment.failed(Scenario::ToolsCall) == Some(false)
            && moment.failed(COMPLAINING) == Some(true);
        let expected = "the client goes on after lines on standard error";
        marks.expect(goes_on && !fails, expected, || {
            if goes_on {
                "it ended with an error, as it does not where nothing is written there".into()
            } else {
                "no call came, as one does elsewhere".into()
            }
        });
    }
}

check! {
    /// **Observed:** the client closes the standard input of a server before it signals or kills it; and a server that does not
    /// end with its input is signalled or killed before the client ends. Who does both within 50 ms does not wait,
    /// and 150 ms are no reasonable time for a server that needs longer.
    ///
    /// **Why:** a server that is killed loses what it was about to write, and one that is left behind stays for ever.
    ///
    /// **Fix:** close the pipe, wait, and then send SIGTERM and SIGKILL.
    pub(crate) SHUTDOWN = "stdio.client-shutdown-sequence";
    happening: shutdown
}

fn shutdown(moment: &Moment<'_>, marks: &mut Marks) {
    // All processes of a scenario are looked at once, at its end.
    if moment.now().line().is_none() || moment.whole_of(moment.scenario).is_none() {
        return;
    }
    for life in moment.lives().iter().filter(|life| !life.crashed) {
        let forced = life.forced_at();
        if life.is_cut_short() {
            let why = "it was ended at once";
            marks.breaks("the input is closed, and the server has time to end", why);
        } else if moment.scenario == LASTING && is_hurried(life) {
            let why = "the server had no reasonable time to end";
            marks.breaks("the input is closed, and the server has time to end", why);
        } else if moment.scenario == LASTING {
            marks.expect(forced.is_some(), "a server that does not end is ended", || {
                "the client ended, and the server did not".into()
            });
        }
    }
}

/// Whether the client began to end a process before one that has something to finish could have ended by itself.
fn is_hurried(life: &Life) -> bool {
    /// So long is no reasonable time (basic/transports/stdio#shutdown), in microseconds.
    const HURRY: u64 = 150_000;
    let closed = life.input_ended_at.map(|closed| closed.saturating_add(HURRY));
    life.forced_at().is_some_and(|forced| closed.is_none_or(|closed| closed > forced))
}

check! {
    /// **Observed:** a client whose server crashed in the middle of a call, and that has more to ask, starts it again.
    ///
    /// **Why:** nothing else can: the client owns the process, and no state is lost with it.
    ///
    /// **Fix:** notice the end of its output, and start a new process for the next request at the latest.
    pub(crate) RESTART = "stdio.client-restart";
    happening: restart
}

fn restart(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.whole_of(CRASHING).is_none() || !moment.lives().iter().any(|life| life.crashed) {
        return;
    }
    let started = moment.lives().len();
    marks.expect(started > 1, "a new process for the next request", || {
        "none was started after the crash".into()
    });
}

check! {
    /// **Observed:** a client that listened to a server that crashed, and that started it again, listens again.
    ///
    /// **Why:** the new process knows nothing of the old one's subscriptions.
    ///
    /// **Fix:** keep what is listened for, and send `subscriptions/listen` to each new process.
    pub(crate) LISTEN_AGAIN = "subs.client-resend-stdio";
    applies: [Stdio];
    happening: listen_again
}

fn listen_again(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(all) = moment.whole_of(LISTENED) else { return };
    let listens = |life: &Life| {
        let own = |r: &&Received| r.exchange.channel == life.channel;
        all.iter().filter(own).any(|r| r.asks(method::LISTEN))
    };
    let asks = |life: &Life| all.iter().any(|r| r.exchange.channel == life.channel);
    let lives = moment.lives();
    let Some(crashed) = lives.iter().position(|life| life.crashed && listens(life)) else { return };
    let mut later = lives[crashed + 1..].iter().filter(|life| asks(life)).peekable();
    if later.peek().is_some() {
        marks.expect(later.any(listens), "`subscriptions/listen` to the new process", || {
            "the client asked it for other things only".into()
        });
        // What is listened for: the steps ask for one thing, and for nothing else later.
        let mut all = all.iter().filter(|r| r.asks(method::LISTEN));
        let wanted = |r: &Received| r.param("notifications").cloned().unwrap_or_default();
        if let (Some(first), Some(last)) = (all.next().map(wanted), all.next_back().map(wanted)) {
            marks.expect(first == last, format!("the same wish, {first}"), || last.to_string());
        }
    }
}

check! {
    /// **Observed:** a client does not start a process for each of its requests. What its host calls a conversation cannot be
    /// seen.
    ///
    /// **Why:** starting takes longer than most answers, and what listens is lost.
    ///
    /// **Fix:** keep the process for as long as the server is configured.
    pub(crate) LIFETIME = "base.stateless.client-process-lifetime";
    applies: [Stdio];
    happening: lifetime
}

fn lifetime(moment: &Moment<'_>, marks: &mut Marks) {
    /// A client may have asked the first for its revision alone, and one more for what it has.
    const FEW: usize = 2;
    let Some(all) = moment.whole_of(Scenario::StandardHeaders) else { return };
    let lives = moment.lives();
    let requests = all.iter().filter(|r| r.request().is_some()).count();
    if requests > FEW + 1 && !lives.is_empty() {
        let one_after_the_other =
            lives.windows(2).all(|two| two[0].ended_at.is_some_and(|end| end <= two[1].begun_at));
        let many = lives.len() > FEW && one_after_the_other;
        marks.expect(!many, "a process for all requests", || {
            format!("{} for {requests} requests", lives.len())
        });
    }
}
