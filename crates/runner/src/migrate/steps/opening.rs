//! The first contact: which eras the server speaks, and the session that everything is asked in.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use plumb_wire::{codes, method};
use serde_json::json;

use super::super::Means;
use super::super::ask::Ask;
use super::super::ground::Ground;
use super::super::lists::Lists;
use super::super::session::{Refused, Session, Speaks};
use super::super::way::Way;
use super::{NO_SECOND, Visit, outcome, served};
use crate::Observed;
use crate::errors::ContactError;
use crate::survey::contact;
use crate::survey::every_capability;

/// A process may need so long for its first word.
const FIRST: Duration = Duration::from_secs(20);

/// So many revisions are asked for at once over HTTP.
const OTHERS: usize = 4;

impl<'a> Visit<'a> {
    /// Makes contact.
    pub(in super::super) async fn begin(
        ground: &'a Arc<Ground>,
        way: &'a Way,
        means: &Means<'a>,
    ) -> Result<Self, ContactError> {
        let First { mut newest, discover, epitaph } = First::made(ground, way).await;
        let revision = ground.edition.last_with_handshake().to_owned();
        let opened = Session::open(ground, way, &revision, &every_capability(), true).await;
        let (main, spoken) = match opened {
            Ok(session) => {
                let spoken = spoken(ground, way, &session.revision).await;
                (session, spoken)
            }
            Err(refused) => {
                let alone = way.client().is_none() && refused.is_unheard();
                no_handshake(ground, &refused, alone);
                let main = match newest {
                    // No other process starts beside this one.
                    Some(_) if alone => newest.take(),
                    Some(_) => Session::bare(ground, way, Speaks::Newest),
                    None => None,
                };
                let Some(main) = main else {
                    let ended = refused.epitaph.or(epitaph);
                    return Err(unreached(refused.seen.or(discover), ended));
                };
                (main, Vec::new())
            }
        };
        let mut visit = Visit {
            ground,
            way,
            means: *means,
            main,
            newest,
            twin: None,
            plain: None,
            spoken,
            lists: Lists::default(),
            called: Vec::new(),
            uncalled: 0,
            remarks: Vec::new(),
        };
        visit.contact(discover.as_ref());
        Ok(visit)
    }

    fn contact(&mut self, discover: Option<&Observed>) {
        let findings = &self.ground.findings;
        let id = "migrate.core.discover";
        match discover {
            Some(seen) => {
                let told = format!("`server/discover`: {}", outcome(seen));
                findings.told(id, !is_discovery(seen), told, &[seen.seq()]);
            }
            None => findings.found(id, "`server/discover` was not answered", &[]),
        }
        if !self.takes_handshake() && self.newest.is_none() {
            self.remarks.push(
                "its processes seem to run one at a time: whether it takes a handshake, no second one showed".into(),
            );
        } else if !self.takes_handshake() {
            self.remarks.push(
                "it takes no handshake: what is bound to one is not there any more; judge it with `plumb run`".into(),
            );
        } else if self.newest.is_some() {
            self.remarks.push(
                "it serves both eras: what is found is what clients of earlier revisions get, and may stay as long as they need it"
                    .into(),
            );
        }
    }
}

/// What came of the first request of the newest revision.
#[derive(Default)]
struct First {
    /// Its client, if it was served.
    newest: Option<Session>,
    discover: Option<Observed>,
    /// How the process ended and its last words, if it has.
    epitaph: Option<String>,
}

impl First {
    async fn made(ground: &Arc<Ground>, way: &Way) -> Self {
        let Some(session) = Session::bare(ground, way, Speaks::Newest) else {
            return Self::default();
        };
        let ask =
            Ask::request("migrate.core.discover", method::DISCOVER, json!({})).patience(FIRST);
        let discover = session.ask(ask).await;
        if discover.as_ref().is_some_and(is_discovery) {
            return Self { newest: Some(session), discover, epitaph: None };
        }
        let epitaph = session.epitaph(discover.as_ref()).await;
        session.close().await;
        Self { newest: None, discover, epitaph }
    }
}

fn is_discovery(seen: &Observed) -> bool {
    seen.result().is_some_and(|result| result.get("supportedVersions").is_some())
}

/// Which of the earlier revisions are negotiated, the latest first.
async fn spoken(ground: &Arc<Ground>, way: &Way, first: &str) -> Vec<String> {
    let others = ground.edition.earlier.iter().filter(|revision| *revision != first);
    let opened = others.map(|revision| async move {
        let session =
            Session::open(ground, way, revision, &every_capability(), false).await.ok()?;
        let same = session.revision == *revision;
        session.close().await;
        same.then(|| revision.clone())
    });
    // Processes that start together start slowly, and one that is too late seems not to speak it.
    let beside = if way.client().is_some() { OTHERS } else { 1 };
    let others: Vec<_> = stream::iter(opened).buffered(beside).collect().await;
    let others = others.into_iter().flatten();
    let mut all: Vec<String> = others.chain([first.to_owned()]).collect();
    all.sort_by(|one, other| other.cmp(one));
    all.dedup();
    all
}

/// Where no handshake is taken, nothing can be bound to one; where nobody heard it, that is not known.
fn no_handshake(ground: &Ground, refused: &Refused, alone: bool) {
    let seqs: Vec<u64> = refused.seen.iter().map(Observed::seq).collect();
    let bound = super::super::catalogue::all().map(|entry| entry.id).filter(|id| {
        id.starts_with("migrate.session.") || *id == "migrate.core.handshake-required"
    });
    for id in bound {
        if alone {
            ground.findings.unseen(id, NO_SECOND);
        } else {
            ground.findings.absent(id, "`initialize` is refused", &seqs);
        }
    }
}

/// Why nothing can be said, of a process that may have ended so.
fn unreached(seen: Option<Observed>, epitaph: Option<String>) -> ContactError {
    if let Some(epitaph) = epitaph {
        return ContactError::Unreached(format!("its process ended: {epitaph}"));
    }
    let Some(seen) = seen else {
        return ContactError::Unreached("nothing could be sent".into());
    };
    if let Some(error) = contact::turned_away(&seen) {
        return error;
    }
    match (seen.code(), seen.status(), served(&seen)) {
        (Some(codes::UNSUPPORTED_VERSION), ..) => ContactError::NotMcp(format!(
            "it takes neither a handshake nor requests of the newest revision: {}",
            seen.describe()
        )),
        (None, None, false) if seen.messages.is_empty() => ContactError::Unreached(seen.describe()),
        _ => ContactError::NotMcp(seen.describe()),
    }
}
