//! What the user is shown.

use std::collections::BTreeSet;

use plumb_runner::authorization_server::{CALLBACK, CONSENT, Landed, Page, Visit};
use plumb_runner::{Finding, Judgement, Trouble, check};

use super::cimd::accepted;

/// A redirect URI on the user's own machine.
const LOCAL: &str = "http://127.0.0.1:49152/callback";

check! {
    /// **Observed:** the consent page for a client whose document lists loopback redirect URIs alone says something that
    /// the page for a client elsewhere does not say, beyond names and addresses.
    ///
    /// **Why:** any program on the user's machine can claim to be a client that lives there.
    ///
    /// **Fix:** warn on the consent page that the application runs on this computer and cannot be told from others.
    pub(crate) LOCALHOST_WARNING = "auth.as.localhost-warning";
    visit: localhost_warning;
}

check! {
    /// **Observed:** the consent page for a client with a document shows the host of its redirect URI in its text. A page
    /// counts as one that asks for consent if it has a form with words to grant and to refuse, and nothing to type in.
    ///
    /// **Why:** the name that a document gives its client is whatever its author likes; where the code goes is not.
    ///
    /// **Fix:** show the host of the redirect URI where the user decides.
    pub(crate) DISPLAY_HOST = "auth.as.display-host";
    visit: display_host;
}

async fn consent(at: &Visit, redirect_uri: &str) -> Result<Page, Trouble> {
    let (_, landing) = accepted(at, redirect_uri).await?;
    match landing.at {
        Landed::Page(page) if page.asks_consent() => Ok(page),
        Landed::Back(_) => Err(Trouble::unseen(
            "the server redirects without asking",
            "let it ask for consent (with `plumb serve authorization-server`: --ask)",
        )),
        _ => Err(Trouble::unseen(
            format!("no page that asks for consent was seen: {}", landing.describe()),
            CONSENT,
        )),
    }
}

async fn display_host(at: &Visit) -> Judgement {
    let page = consent(at, CALLBACK).await?;
    Ok(Finding::expect(
        page.text().contains("client.plumb.example"),
        "the consent page shows the host `client.plumb.example`",
        || "its text does not hold it".into(),
    ))
}

async fn localhost_warning(at: &Visit) -> Judgement {
    let elsewhere = words(&consent(at, CALLBACK).await?);
    let local = words(&consent(at, LOCAL).await?);
    let more: Vec<&String> = local.difference(&elsewhere).collect();
    Ok(Finding::expect(
        !more.is_empty(),
        format!("the consent page for a client at {LOCAL} alone warns of it"),
        || "it says the same as the page for a client elsewhere".into(),
    ))
}

/// The words of a page, without names, addresses and whatever holds a digit.
fn words(page: &Page) -> BTreeSet<String> {
    let word = |w: &&str| {
        w.len() > 2 && w.len() < 20 && w.chars().all(char::is_alphabetic) && *w != "localhost"
    };
    page.text()
        .split(|c: char| c.is_whitespace() || ",;!?\"'()".contains(c))
        .map(|w| w.trim_end_matches(['.', ':']))
        .filter(word)
        .map(str::to_owned)
        .collect()
}
