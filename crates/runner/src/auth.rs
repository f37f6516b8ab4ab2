//! Authorization of a run: the mock authorization server that the target trusts, and tokens for whoever is in play.

mod login;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use plumb_model::pack::TokenUse;
use plumb_model::{Header, Verdict};
use plumb_oauth::server::LoggedRequest;
use plumb_oauth::{
    Access, AuthorizationServer, Bind, Collected, Presentation, Profile, Token, TokenDeviation,
};

pub use login::Login;

use crate::errors::TargetError;
use crate::record::Recorder;
use crate::{Probe, Trouble};

/// The principal whose token every request of a run carries, unless told otherwise.
pub const PRINCIPAL: &str = "alice";

/// Somebody else, with the same scopes.
pub const OTHER_PRINCIPAL: &str = "bob";

/// The run's own tokens are good for so long, in seconds: longer than any run.
const LIFETIME: u32 = 7_200;

/// The placeholders that stand for the authorization of a run.
const PLACEHOLDERS: &str = "{auth.";

/// How a run is authorized.
#[derive(Clone, Debug, Default)]
pub struct AuthOptions {
    /// The port of the authorization server on 127.0.0.1; 0 for any.
    pub port: u16,
    /// The scopes that a token needs to be good for everything; empty for those of the authorization server.
    pub scopes: Vec<String>,
    /// What the target expects as the audience, if it is not its own URL.
    pub audience: Option<String>,
    /// Where every token and secret of the run is noted.
    pub minted: Collected,
    /// Who has signed in at the authorization server that the target trusts: then the run has none of its own.
    pub login: Option<Login>,
}

/// Why a check waits for tokens that only a run's own authorization server mints.
const OWN_TOKENS: [&str; 2] = [
    "it needs tokens that the authorization server of the target does not mint for who signs in",
    "have the server trust the run's own authorization server: --auth (docs/auth.md)",
];

impl AuthOptions {
    /// Whether a text speaks of the authorization of the run.
    pub fn are_meant_by(text: &str) -> bool {
        text.contains(PLACEHOLDERS)
    }

    /// What a target at this URL is told whom to trust, a line each: the authorization server of runs on this port and
    /// with this seed.
    pub async fn setup(&self, url: &str, seed: u64) -> Result<String, TargetError> {
        let server = self.server(seed).await?;
        let issuer = server.issuer();
        let client = server.resource_server();
        let (id, secret) = client.map(|c| (c.id, c.secret.unwrap_or_default())).unwrap_or_default();
        let lines = [
            ("issuer", issuer.to_owned()),
            ("jwks_uri", server.jwks_uri()),
            ("introspection", format!("{issuer}/introspect")),
            ("client_id", format!("{id} (for introspection)")),
            ("client_secret", secret),
            ("audience", self.audience.as_deref().unwrap_or(url).to_owned()),
            ("resource", url.to_owned()),
            ("scopes", server.scopes().join(" ")),
            ("algorithms", "RS256 (others in the JWKS)".to_owned()),
        ];
        let told =
            |text: String, (name, value): (&str, String)| text + &format!("{name:<14} {value}\n");
        Ok(lines.into_iter().fold(String::new(), told))
    }

    async fn server(&self, seed: u64) -> Result<plumb_oauth::Running, TargetError> {
        let mut server =
            AuthorizationServer::of(Profile::SPEC).seed(seed).secrets(self.minted.clone());
        if !self.scopes.is_empty() {
            server = server.scopes(self.scopes.iter().cloned());
        }
        let bind = Bind::http().address(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)));
        server.serve(bind).await.map_err(|e| TargetError::Authorization(e.to_string()))
    }
}

/// The authorization server of a run. Every token is made known to the recorder before anybody sees it.
pub(crate) struct Authority {
    source: Source,
    recorder: Arc<Recorder>,
    scopes: Vec<String>,
    audience: Option<String>,
    /// The token of the run's own requests.
    used: OnceLock<Token>,
}

/// Where tokens come from.
enum Source {
    /// The authorization server of the run.
    Own(plumb_oauth::Running),
    /// That of the target.
    Theirs(Box<Login>),
}

impl Authority {
    pub(crate) async fn start(
        options: &AuthOptions,
        seed: u64,
        recorder: &Arc<Recorder>,
    ) -> Result<Arc<Self>, TargetError> {
        if let Some(login) = &options.login {
            return Ok(Self::of_login(login, recorder));
        }
        let server = options.server(seed).await?;
        for secret in server.secrets().all() {
            recorder.add_secret(secret.as_bytes());
        }
        let scopes = server.scopes().to_vec();
        Ok(Arc::new(Self {
            source: Source::Own(server),
            recorder: Arc::clone(recorder),
            scopes,
            audience: options.audience.clone(),
            used: OnceLock::new(),
        }))
    }

    fn of_login(login: &Login, recorder: &Arc<Recorder>) -> Arc<Self> {
        let token = Token::of(login.signed_in.access_token.clone());
        let granted = login.all().map(|person| person.access_token.as_str());
        for token in granted.chain(login.for_another.iter().map(Token::as_str)) {
            recorder.add_secret(token);
        }
        Arc::new(Self {
            scopes: login.signed_in.scopes.clone(),
            audience: Some(login.signed_in.resource.clone()),
            source: Source::Theirs(Box::new(login.clone())),
            recorder: Arc::clone(recorder),
            used: OnceLock::from(token),
        })
    }

    /// Whether its tokens are those of who has signed in.
    pub(crate) fn is_theirs(&self) -> bool {
        matches!(self.source, Source::Theirs(_))
    }

    fn issuer(&self) -> &str {
        match &self.source {
            Source::Own(server) => server.issuer(),
            Source::Theirs(login) => &login.signed_in.issuer,
        }
    }

    fn own(&self) -> Result<&plumb_oauth::Running, Trouble> {
        match &self.source {
            Source::Own(server) => Ok(server),
            Source::Theirs(_) => Err(own_tokens()),
        }
    }

    /// The text with the placeholders replaced, for a target at this URL.
    pub(crate) fn fill(&self, text: &str, url: &str) -> String {
        let Source::Own(server) = &self.source else { return text.to_owned() };
        let issuer = server.issuer();
        let client = server.resource_server();
        let (client_id, client_secret) =
            client.map(|c| (c.id, c.secret.unwrap_or_default())).unwrap_or_default();
        [
            ("issuer", issuer.to_owned()),
            ("jwks_uri", server.jwks_uri()),
            ("introspection_uri", format!("{issuer}/introspect")),
            ("upstream", format!("{issuer}/upstream")),
            ("resource", url.to_owned()),
            ("audience", self.audience(url).to_owned()),
            ("scopes", self.scopes.join(" ")),
            ("client_id", client_id),
            ("client_secret", client_secret),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{auth.{name}}}"), &value)
        })
    }

    /// The field that authorizes every request to the target at this URL.
    pub(crate) fn header(&self, url: &str) -> Result<Header, TargetError> {
        let token = match &self.source {
            Source::Own(_) => self.valid(&self.access(url, PRINCIPAL)),
            Source::Theirs(login) => Ok(Token::of(login.signed_in.access_token.clone())),
        };
        let token = token.map_err(|e| TargetError::Authorization(e.to_string()))?;
        // The first is that of the run; other instances of the target have addresses of their own.
        self.used.get_or_init(|| token.clone());
        Ok(Header::new("Authorization", format!("Bearer {}", token.as_str())))
    }

    /// The token of the run's own requests with one bit of its signature flipped.
    fn used_badly(&self) -> Result<Token, Trouble> {
        let used =
            self.used.get().ok_or_else(|| Trouble::Setup("the run sends no token".into()))?;
        let badly = used.signed_badly().ok_or_else(|| Trouble::Absent {
            why: "the token of the run is no JWT: it has no signature to break".into(),
            how_to_enable: "sign in where access tokens are JWTs".into(),
        })?;
        self.recorder.add_secret(badly.as_str());
        Ok(badly)
    }

    fn audience<'a>(&'a self, url: &'a str) -> &'a str {
        self.audience.as_deref().unwrap_or(url)
    }

    fn access(&self, url: &str, principal: &str) -> Access {
        Access::to(self.audience(url))
            .scopes(self.scopes.iter().cloned())
            .subject(principal)
            .lifetime(LIFETIME)
    }

    fn valid(&self, access: &Access) -> Result<Token, Trouble> {
        match &self.source {
            Source::Own(server) => self.noted(server.token(access)),
            Source::Theirs(login) => login.token(access),
        }
    }

    fn broken(&self, access: &Access, deviation: TokenDeviation) -> Result<Token, Trouble> {
        self.noted(self.own()?.broken(access, deviation))
    }

    /// The token of who has signed in, as it is or broken, as far as that is possible without a key.
    fn theirs(&self, login: &Login, deviation: Option<TokenDeviation>) -> Option<Token> {
        let token = Token::of(login.signed_in.access_token.clone());
        let token = match deviation {
            None => token,
            Some(TokenDeviation::AudienceOther) => login.for_another.clone()?,
            Some(deviation) => token.broken_without_a_key(deviation)?,
        };
        self.recorder.add_secret(token.as_str());
        Some(token)
    }

    fn noted(&self, token: Result<Token, plumb_oauth::MintError>) -> Result<Token, Trouble> {
        let token = token.map_err(|e| Trouble::Setup(e.to_string()))?;
        self.recorder.add_secret(token.as_str());
        Ok(token)
    }
}

/// The authorization of a run towards one target: tokens of any principal, with any scopes, broken in any way.
#[derive(Clone, Copy)]
pub struct Auth<'a> {
    authority: &'a Authority,
    url: &'a str,
}

impl<'a> Auth<'a> {
    pub(crate) fn new(authority: &'a Authority, url: &'a str) -> Self {
        Self { authority, url }
    }

    /// The URL of the target: what its metadata should name as `resource`.
    pub fn resource(&self) -> &'a str {
        self.url
    }

    /// The scopes that are good for everything, as far as the run knows.
    pub fn scopes(&self) -> &'a [String] {
        &self.authority.scopes
    }

    /// The issuer that the target trusts.
    pub fn issuer(&self) -> &'a str {
        self.authority.issuer()
    }

    /// Access to everything by a principal.
    pub fn access(&self, principal: &str) -> Access {
        self.authority.access(self.url, principal)
    }

    /// A valid token.
    pub fn token(&self, access: &Access) -> Result<Token, Trouble> {
        self.authority.valid(access)
    }

    /// A token of a principal with the scopes given.
    pub fn scoped<S: AsRef<str>>(&self, principal: &str, scopes: &[S]) -> Result<Token, Trouble> {
        self.token(&self.access(principal).scopes(scopes.iter().map(|s| s.as_ref().to_owned())))
    }

    /// The same, if there is one: who has signed in is given what the authorization server of the target grants.
    pub fn scoped_if_any<S: AsRef<str>>(
        &self,
        principal: &str,
        scopes: &[S],
    ) -> Result<Option<Token>, Trouble> {
        match self.scoped(principal, scopes) {
            Err(Trouble::Absent { .. } | Trouble::Unseen { .. }) => Ok(None),
            token => token.map(Some),
        }
    }

    /// By what name the target knows a principal: the subject of the tokens.
    pub fn subject(&self, principal: &str) -> Result<String, Trouble> {
        let Source::Theirs(login) = &self.authority.source else { return Ok(principal.to_owned()) };
        login.subject(&self.token(&self.access(principal))?)
    }

    /// A token that departs from the valid one of the run's principal.
    pub fn broken(&self, deviation: TokenDeviation) -> Result<Token, Trouble> {
        self.authority.broken(&self.access(PRINCIPAL), deviation)
    }

    /// What the authorization server was asked, the oldest first; its `/upstream` stands for any other service.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.authority.own().map_or_else(|_| Vec::new(), plumb_oauth::Running::requests)
    }

    /// The probe with the token that a vector speaks of; `None` if it makes no sense here.
    pub(crate) fn used(&self, probe: Probe, what: &TokenUse) -> Option<Probe> {
        let deviation = match &what.deviation {
            None => None,
            Some(slug) => Some(slug.parse::<TokenDeviation>().ok()?),
        };
        let token = match &self.authority.source {
            Source::Theirs(login) => self.authority.theirs(login, deviation),
            Source::Own(_) => self.minted(deviation).ok(),
        };
        let presentation = match &what.presentation {
            None => Presentation::Header,
            Some(slug) => slug.parse().ok()?,
        };
        Some(probe.presented(presentation.of(&token?)))
    }

    fn minted(&self, deviation: Option<TokenDeviation>) -> Result<Token, Trouble> {
        match deviation {
            None => self.token(&self.access(PRINCIPAL)),
            // Of the token that was accepted just before: a server may remember it by what is signed.
            Some(TokenDeviation::SignatureBad) => self.authority.used_badly(),
            Some(deviation) => self.broken(deviation),
        }
    }
}

/// What a check says that needs more than who has signed in was given.
fn own_tokens() -> Trouble {
    let [why, how] = OWN_TOKENS;
    Trouble::unseen(why, how)
}

/// The same as a verdict.
pub(crate) fn needs_own_tokens() -> Verdict {
    let [why, how] = OWN_TOKENS.map(str::to_owned);
    Verdict::Unverified { why, how_to_enable: how }
}
