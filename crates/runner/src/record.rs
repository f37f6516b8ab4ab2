//! Turning what the wire saw into evidence and events.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use plumb_model::{Answer, Edition, Event, Exchange, Initiator, Secrets, Sent};
use plumb_wire::{Account, Clock, Served};

use crate::finding::named;
use crate::options::Options;
use crate::pace::Pace;
use crate::passive::Passives;
use crate::process::voices::Voices;
use crate::published::Published;
use crate::run::Learnt;
use crate::tempo::Tempo;
use crate::{Observed, Survey};

/// An answer of so many bytes is large.
const LARGE: usize = 64 << 10;

/// How processes of the target ended of themselves.
#[derive(Default)]
struct Deaths {
    count: usize,
    /// The first one that was told.
    first: Option<String>,
    /// The first one with nothing else in flight: what was sent then is the cause.
    certain: Option<String>,
    /// The checks that have shown that it ends, by how it does.
    shown: BTreeMap<String, &'static str>,
    /// How often one ran on and heard nobody any more.
    deaf: usize,
    /// What the first of those left unanswered first.
    deaf_since: Option<String>,
}

/// Whether anything else was in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    Others,
    Nobody,
}

impl Company {
    /// Who is alone with the target waits so many times as long.
    pub(crate) const fn patience(self) -> u32 {
        match self {
            Self::Others => 1,
            Self::Nobody => 2,
        }
    }
}

/// Where events go, in order.
pub type Sink = Box<dyn Fn(Event) + Send + Sync>;

/// What is observed, and the exchange that it is published as.
type Kept = (Observed, Arc<Exchange>);

/// Numbers exchanges, shows them to the passive checks and emits events.
pub(crate) struct Recorder {
    /// The revision that is spoken, and judged by.
    pub(crate) edition: Arc<Edition>,
    pub(crate) clock: Clock,
    /// How long the target takes.
    pub(crate) tempo: Tempo,
    /// Which of its processes have said anything.
    pub(crate) voices: Voices,
    /// The memory for what is kept of the target.
    account: Account,
    large: Mutex<()>,
    /// The room for it in reports.
    published: Published,
    /// How much the target can bear.
    pub(crate) pace: Arc<Pace>,
    /// Whether sessions listen on the stream of GET: the target asks there.
    pub(crate) listens: AtomicBool,
    /// What no event tells; whoever started the run has the same ones.
    secrets: Secrets,
    sink: Sink,
    seq: AtomicU64,
    deaths: Mutex<Deaths>,
    /// What else befell the target.
    told: Mutex<Vec<String>>,
    judging: OnceLock<(Passives, Arc<Survey>)>,
    /// Exchanges of the survey, kept until the run's start is announced.
    early: Mutex<Option<Vec<Kept>>>,
}

impl Recorder {
    pub(crate) fn new(
        edition: Arc<Edition>,
        secrets: Secrets,
        sink: Sink,
        tempo: Tempo,
        pace: Arc<Pace>,
        account: Account,
        published: Published,
    ) -> Self {
        Self {
            edition,
            clock: Clock::start(),
            tempo,
            voices: Voices::default(),
            pace,
            listens: AtomicBool::new(false),
            account,
            large: Mutex::default(),
            published,
            secrets,
            sink,
            seq: AtomicU64::new(0),
            deaths: Mutex::default(),
            told: Mutex::default(),
            judging: OnceLock::new(),
            early: Mutex::new(Some(Vec::new())),
        }
    }

    /// For a run with these options.
    pub(crate) fn of(options: &Options, sink: Sink) -> Self {
        Self::new(
            Arc::clone(&options.edition),
            options.secrets.clone(),
            sink,
            Tempo::new(options.limits.answer),
            Pace::new(options.concurrency, options.rate),
            options.limits.account.clone(),
            Published::within(options.max_report),
        )
    }

    /// Numbers exchanges behind so many that there were before, so that a number means one exchange of the whole run, and knows
    /// what was learnt then.
    pub(crate) fn goes_on_behind(&self, exchanges: u64, learnt: Learnt) {
        self.seq.store(exchanges, Ordering::Relaxed);
        match learnt {
            Learnt::Nothing => {}
            Learnt::RunsOnce => self.voices.run_once(),
            Learnt::RunsBeside { start_up } => {
                self.voices.run_beside();
                if let Some(took) = start_up {
                    self.tempo.started(took);
                }
            }
        }
    }

    /// What the run learnt of the target's processes.
    pub(crate) fn learnt(&self) -> Learnt {
        match (self.voices.are_together(), self.voices.are_one()) {
            (true, _) => Learnt::RunsBeside { start_up: self.tempo.start_up() },
            (_, true) => Learnt::RunsOnce,
            _ => Learnt::Nothing,
        }
    }

    /// The number of the last exchange.
    pub(crate) fn exchanges(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    /// Keeps a secret out of every event from now on: add it before anything that holds it is recorded.
    pub(crate) fn add_secret(&self, secret: impl Into<Vec<u8>>) {
        self.secrets.add(secret);
    }

    /// Keeps the id of a session out of every event from now on.
    pub(crate) fn add_session(&self, id: &str) {
        self.secrets.add_named("session", id.as_bytes());
    }

    /// The text without secrets: for an error, which is told beside events.
    pub(crate) fn blot_text(&self, text: &str) -> String {
        self.secrets.blot_text(text)
    }

    /// Says an event, without secrets. Everything that is written is a function of what is said here.
    pub(crate) fn emit(&self, event: Event) {
        (self.sink)(event.redacted(&self.secrets));
    }

    /// A process of the target ended unasked, during what `by` sent.
    pub(crate) fn died(&self, by: &str, how: &str, company: Company) {
        let mut deaths = self.deaths.lock().unwrap_or_else(PoisonError::into_inner);
        deaths.count += 1;
        if company == Company::Nobody {
            deaths.certain.get_or_insert_with(|| format!("of `{by}`, sent alone: {how}"));
        }
        deaths.first.get_or_insert_with(|| format!("during `{by}`: {how}"));
    }

    /// A process of the target runs on and hears nobody any more, first what `by` sent.
    pub(crate) fn fell_silent(&self, by: &str) {
        let mut deaths = self.deaths.lock().unwrap_or_else(PoisonError::into_inner);
        deaths.deaf += 1;
        deaths.deaf_since.get_or_insert_with(|| by.to_owned());
    }

    /// The check that has shown before that the target's process ends in this way; from now on it is this one, if none has.
    pub(crate) fn ended_before(&self, check: &'static str, how: &str) -> Option<&'static str> {
        let mut deaths = self.deaths.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = *deaths.shown.entry(how.to_owned()).or_insert(check);
        (shown != check).then_some(shown)
    }

    /// Tells what befell the target, at the end of the run.
    pub(crate) fn remark(&self, remark: String) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    /// What befell the target, for the end of the run.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let deaths = self.deaths.lock().unwrap_or_else(PoisonError::into_inner);
        let first = deaths.certain.as_ref().or(deaths.first.as_ref());
        let died = first.map(|first| match deaths.count {
            1 => format!("the server's process ended by itself {first}"),
            n => format!("the server's process ended by itself {n} times, once {first}"),
        });
        let silent = deaths.deaf_since.as_ref().map(|by| {
            let often = if deaths.deaf == 1 { String::new() } else { format!(", {} times", deaths.deaf) };
            format!("the server's process ran on and answered nothing any more{often}, the first time during `{by}`: another was started")
        });
        let limited = match self.pace.limited() {
            0 => None,
            n => Some(format!(
                "the target limits requests: {n} were turned away, waited for and sent again (--rate sets a pace)"
            )),
        };
        let short = self.published.is_short().then(|| {
            "the target sends so much that exchanges are cut short in reports (--max-report sets their room)".to_owned()
        });
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        died.into_iter().chain(silent).chain(limited).chain(short).chain(told).collect()
    }

    /// Records one finished exchange.
    pub(crate) fn record(&self, by: &str, channel: &str, sent: Sent, answer: Answer) -> Observed {
        self.keep(self.parsed(by, channel, sent, answer))
    }

    /// Records an exchange that brought the rest of an answer, or tried to: what it brought is judged as what answers that request.
    pub(crate) fn record_rest(
        &self,
        by: &str,
        channel: &str,
        (sent, answer): (Sent, Answer),
        before: &Observed,
    ) -> Observed {
        let observed = self.parsed(by, channel, sent, answer);
        if !observed.is_stream() {
            return self.keep(observed);
        }
        let plain = Arc::clone(&observed.exchange);
        let observed = observed.behind(before);
        self.keep_as(observed, plain)
    }

    /// The answer of which these are the parts.
    pub(crate) fn whole(&self, parts: &[Observed]) -> Option<Observed> {
        Some(Observed::whole(parts)?.counted(&self.account))
    }

    fn parsed(&self, by: &str, channel: &str, sent: Sent, answer: Answer) -> Observed {
        let seq = self.next();
        let exchange = Exchange {
            seq,
            by: named_by(by),
            channel: channel.to_owned(),
            initiator: Initiator::Us,
            sent,
            answer,
        };
        // Whether there is room for a large answer is known when it is parsed, so one of them is parsed at a time.
        let came: usize = exchange.answer.frames.iter().map(|f| f.payload.len()).sum();
        let turn =
            (came > LARGE).then(|| self.large.lock().unwrap_or_else(PoisonError::into_inner));
        let observed = Observed::new(exchange).counted(&self.account);
        drop(turn);
        observed
    }

    /// Records what the target asked, and how we answered it.
    pub(crate) fn record_served(&self, served: Served, by: &str) -> Exchange {
        let observed = self.keep(Observed::new(served.exchange(self.next(), by)));
        observed.exchange.as_ref().clone()
    }

    fn next(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn keep(&self, observed: Observed) -> Observed {
        let exchange = Arc::clone(&observed.exchange);
        self.keep_as(observed, exchange)
    }

    /// Judges what was observed, and publishes it as what it was.
    fn keep_as(&self, observed: Observed, exchange: Arc<Exchange>) -> Observed {
        let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = early.as_mut() {
            kept.push((observed.clone(), exchange));
        } else {
            drop(early);
            self.publish(&observed, &exchange);
        }
        observed
    }

    /// Ends the survey: announces the run, then publishes what was kept and has it judged, if passive checks are to.
    pub(crate) fn start(&self, started: Event, judging: Option<(Passives, Arc<Survey>)>) {
        self.emit(started);
        // The cell is empty: a run starts once.
        if let Some(judging) = judging {
            let _ = self.judging.set(judging);
        }
        let kept = self.early.lock().unwrap_or_else(PoisonError::into_inner).take();
        for (observed, exchange) in kept.unwrap_or_default() {
            self.publish(&observed, &exchange);
        }
    }

    pub(crate) fn passives(&self) -> Option<&Passives> {
        self.judging.get().map(|(passives, _)| passives)
    }

    fn publish(&self, observed: &Observed, exchange: &Exchange) {
        if let Some((passives, survey)) = self.judging.get() {
            passives.see(observed, survey, &self.edition);
        }
        let exchange = self.published.cut(exchange.clone());
        self.emit(Event::Exchanged(Arc::new(exchange)));
    }
}

/// Who causes an exchange, as it is told: the id of a check, and of which case.
fn named_by(by: &str) -> String {
    match by.split_once('#') {
        Some((check, slug)) => format!("{check}#{}", named(slug)),
        None => named(by),
    }
}
