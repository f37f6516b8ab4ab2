//! A browser of few words: follows redirects within the authorization server, keeps cookies, and stops where
//! a person would have to act.

use std::collections::BTreeMap;

use plumb_wire::http::HttpRequest;
use url::Url;

use super::Visit;
use crate::{Observed, Trouble, clip};

/// A chain of redirects is followed so far.
const HOPS: usize = 12;

/// Words on the buttons of a page that asks for consent: to grant, and to refuse.
const GRANT: [&str; 10] = [
    "allow",
    "approve",
    "authorize",
    "authorise",
    "accept",
    "grant",
    "agree",
    "continue",
    "confirm",
    "yes",
];
const REFUSE: [&str; 8] =
    ["deny", "cancel", "refuse", "reject", "decline", "disallow", "abort", "no thanks"];

/// Where an authorization request led.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The end of the way.
    pub at: Landed,
    /// The last answer.
    pub seen: Observed,
}

/// The end of the way.
#[derive(Clone, Debug)]
pub enum Landed {
    /// Back at the redirect URI of the request, with these parameters of query and fragment.
    Back(BTreeMap<String, String>),
    /// On a page of the server.
    Page(Page),
    /// On the way to another site, which is not the redirect URI.
    Away(String),
}

/// A page of the server.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status.
    pub status: u16,
    /// The markup.
    pub html: String,
}

impl Landing {
    /// The parameters, if the way led back.
    pub fn back(&self) -> Option<&BTreeMap<String, String>> {
        match &self.at {
            Landed::Back(parameters) => Some(parameters),
            _ => None,
        }
    }

    /// The code, if the way led back with one.
    pub fn code(&self) -> Option<&str> {
        self.back()?.get("code").map(String::as_str)
    }

    /// Whether the request was turned down, for everybody to see.
    pub fn is_refused(&self) -> bool {
        match &self.at {
            Landed::Back(parameters) => parameters.contains_key("error"),
            Landed::Page(page) => page.status >= 400,
            Landed::Away(_) => false,
        }
    }

    /// Whether the request was granted, or the user is asked to grant it.
    pub fn is_granted(&self) -> bool {
        self.code().is_some() || matches!(&self.at, Landed::Page(page) if page.asks_consent())
    }

    /// Whether the request was turned down, as everybody can see or, where a right one was granted without a question, by
    /// whatever grants nothing: pages have no status that the text names.
    pub fn is_turned_down(&self, right: &Self) -> bool {
        self.is_refused() || (right.code().is_some() && !self.is_granted())
    }

    /// What keeps everything from being judged where a right request was turned down.
    pub fn trouble(&self) -> Trouble {
        let error = self.back().and_then(|parameters| parameters.get("error"));
        let remedy = match error.map(String::as_str) {
            Some("invalid_target") => "name a resource that it knows: --auth-audience URI",
            Some("invalid_scope") => "name scopes that it grants to the client: --auth-scope",
            Some("login_required" | "consent_required" | "interaction_required") => super::CONSENT,
            _ => return Trouble::Control(self.describe()),
        };
        Trouble::unseen(format!("a right request was turned down: {}", self.describe()), remedy)
    }

    /// Where it led, in a line.
    pub fn describe(&self) -> String {
        match &self.at {
            Landed::Back(parameters) => {
                let told: Vec<String> = parameters
                    .iter()
                    .map(|(name, value)| {
                        if super::is_issued(name) {
                            name.clone()
                        } else {
                            format!("{name}={value}")
                        }
                    })
                    .collect();
                format!("a redirect to the redirect URI with {}", clip(&told.join(", "), 200))
            }
            Landed::Page(page) if page.asks_consent() => {
                format!("a page that asks for consent (HTTP {})", page.status)
            }
            Landed::Page(page) => {
                format!("a page (HTTP {}): {:?}", page.status, clip(page.text().trim(), 100))
            }
            Landed::Away(to) => {
                format!(
                    "a redirect to {}",
                    clip(to.split(['?', '#']).next().unwrap_or_default(), 120)
                )
            }
        }
    }
}

impl Page {
    /// What a reader sees: the text without markup, in lower case.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.html.as_str();
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            text.push(' ');
            let hidden = ["script", "style"].into_iter().find(|name| tag.starts_with(name));
            let end = hidden.map_or_else(|| ">".to_owned(), |name| format!("</{name}>"));
            rest = tag.split_once(end.as_str()).map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        text.to_ascii_lowercase()
    }

    /// Whether it asks for consent: a form to grant or refuse with, and nothing to type in.
    pub fn asks_consent(&self) -> bool {
        let html = self.html.to_ascii_lowercase();
        let typed = |tag: &str| {
            !["hidden", "submit", "button", "checkbox", "radio", "image"].iter().any(|kind| {
                [format!("type=\"{kind}\""), format!("type='{kind}'"), format!("type={kind}")]
                    .iter()
                    .any(|t| tag.contains(t))
            })
        };
        let asks = html
            .split("<input")
            .skip(1)
            .any(|rest| typed(rest.split('>').next().unwrap_or_default()));
        let says = |words: &[&str]| words.iter().any(|word| html.contains(word));
        self.status < 400 && html.contains("<form") && !asks && says(&GRANT) && says(&REFUSE)
    }
}

impl Visit {
    /// Sends an authorization request as a browser would, and gives where it led. `redirect_uri` is the one to
    /// wait for, whether the request holds it or not.
    pub async fn visit(
        &self,
        parameters: &[(String, String)],
        redirect_uri: &str,
    ) -> Result<Landing, Trouble> {
        let endpoint = self.server().endpoint("authorization_endpoint")?;
        let mut url = Url::parse(endpoint)
            .map_err(|e| Trouble::Setup(format!("`authorization_endpoint`: {e}")))?;
        url.query_pairs_mut().extend_pairs(parameters);
        let sites = [endpoint, self.server().issuer()]
            .map(|site| Url::parse(site).map(|u| u.origin()).ok());
        let mut cookies = Cookies::default();
        for _ in 0..HOPS {
            let mut request =
                HttpRequest::new("GET", "").header("Accept", "text/html,application/xhtml+xml");
            if let Some(cookie) = cookies.header(self) {
                request = request.header("Cookie", cookie);
            }
            let seen = self.send(url.as_str(), request).await?;
            // A page of a server that limits its callers is no refusal of this request.
            seen.settled()?;
            cookies.take(&seen);
            let Some(to) = redirect(&seen).and_then(|to| url.join(&to).ok()) else {
                let html = seen.body_text();
                let page = Page { status: seen.status().unwrap_or_default(), html };
                return Ok(Landing { at: Landed::Page(page), seen });
            };
            if leads_to(&to, redirect_uri) {
                return Ok(Landing { at: Landed::Back(parameters_of(&to)), seen });
            }
            if !sites.contains(&Some(to.origin())) {
                return Ok(Landing { at: Landed::Away(to.into()), seen });
            }
            url = to;
        }
        Err(Trouble::Setup(format!("the authorization endpoint redirected more than {HOPS} times")))
    }
}

/// Cookies by name: good enough for the way through one sign-in.
#[derive(Default)]
struct Cookies(BTreeMap<String, String>);

impl Cookies {
    fn take(&mut self, seen: &Observed) {
        let fields = seen.exchange.answer.head.iter().flat_map(|head| &head.headers);
        for field in fields.filter(|f| f.name.eq_ignore_ascii_case("set-cookie")) {
            let pair = field.value.split(';').next().unwrap_or_default();
            match pair.split_once('=') {
                Some((name, "")) => self.0.remove(name.trim()),
                Some((name, value)) => {
                    self.0.insert(name.trim().to_owned(), value.trim().to_owned())
                }
                None => None,
            };
        }
    }

    /// The session that the user gave, and what came on the way.
    fn header(&self, at: &Visit) -> Option<String> {
        let given = at
            .server()
            .issuer
            .reach
            .headers
            .iter()
            .filter(|h| h.name.eq_ignore_ascii_case("cookie"));
        let own = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let all: Vec<String> = given.map(|h| h.value.clone()).chain(own).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn redirect(seen: &Observed) -> Option<String> {
    let status = seen.status()?;
    let location = seen.exchange.answer.header("location")?;
    matches!(status, 301..=303 | 307 | 308).then(|| location.to_owned())
}

/// Whether a redirect goes to this URI, with whatever parameters beside its own.
pub(super) fn leads_to(to: &Url, redirect_uri: &str) -> bool {
    let Ok(wanted) = Url::parse(redirect_uri) else { return false };
    let place = |u: &Url| {
        (
            u.scheme().to_owned(),
            u.host_str().map(str::to_owned),
            u.port_or_known_default(),
            u.path().to_owned(),
        )
    };
    let has = |pair: (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        to.query_pairs().any(|p| p == pair)
    };
    place(to) == place(&wanted)
        && to.username() == wanted.username()
        && wanted.query_pairs().all(has)
}

fn parameters_of(url: &Url) -> BTreeMap<String, String> {
    let fragment = url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
    url.query_pairs()
        .chain(fragment)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_a_uri_with_its_own_query_and_more() {
        let to = |url: &str| Url::parse(url).expect("a URL");
        let uri = "https://c.example/cb?x=1";
        assert!(leads_to(&to("https://c.example/cb?x=1&code=y"), uri));
        for other in [
            "https://c.example/cb?code=y",
            "https://c.example/cb/?x=1",
            "https://c.example:1/cb?x=1",
            "http://c.example/cb?x=1",
        ] {
            assert!(!leads_to(&to(other), uri), "{other}");
        }
    }

    #[test]
    fn a_page_with_a_password_asks_for_no_consent() {
        let page = |html: &str| Page { status: 200, html: html.to_owned() };
        let consent = "<form><input type=\"hidden\" value=\"x\"><button>Grant</button><button>Refuse</button></form>";
        assert!(page(consent).asks_consent());
        assert!(!page(&format!("{consent}<input name='login'>")).asks_consent());
        assert!(!page("<form><button>Continue</button></form>").asks_consent());
        assert_eq!(
            page("a<style>b</style><p>C</p>").text().split_whitespace().collect::<Vec<_>>(),
            ["a", "c"]
        );
    }
}
