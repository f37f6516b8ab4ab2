//! Deviations of the claims: a genuine issuer could have made these tokens.

use serde_json::json;

use super::draft::Draft;
use super::{Access, Mint, MintError, TokenDeviation};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const CENTURY: i64 = 100 * 365 * 24 * HOUR;
/// Less than any verifier's usual leeway, more than a second's rounding.
const SKEW: i64 = 5;

/// Bends the claims; leaves the draft alone if the deviation is not one of claims.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each deviation")]
pub(super) fn bend(
    mint: &Mint,
    access: &Access,
    draft: &mut Draft,
    deviation: TokenDeviation,
) -> Result<(), MintError> {
    use TokenDeviation as D;
    let now = mint.clock.now();
    let resource = &access.resource;
    let inapplicable = |why| MintError::Inapplicable { slug: deviation.slug(), why };
    match deviation {
        D::AudienceOther => draft.claim("aud", "https://other-resource.invalid/mcp"),
        D::AudienceParent => match access.origin_and_path() {
            (_, "" | "/") => return Err(inapplicable("the resource has no path")),
            (origin, _) => draft.claim("aud", origin),
        },
        D::AudienceSibling => draft.claim("aud", sibling(access)),
        D::AudienceOtherPort => draft.claim("aud", at_other_port(access)),
        D::AudienceLookAlike => draft.claim("aud", format!("{resource}.look-alike.invalid")),
        D::AudienceIssuer => draft.claim("aud", mint.realm.issuer.as_str()),
        D::AudienceClient | D::IdToken => draft.claim("aud", access.client_id.as_str()),
        D::AudienceMissing => draft.without("aud"),
        D::AudienceEmpty => draft.claim("aud", json!([])),
        D::AudienceArrayOthers => {
            draft.claim("aud", json!(["https://other-resource.invalid/mcp", sibling(access)]));
        }
        D::AudienceArray => {
            draft.claim("aud", json!(["https://other-resource.invalid/mcp", resource]));
        }
        D::AudienceUpperCase => {
            if !resource.contains("://") {
                return Err(inapplicable("the resource has no host"));
            }
            let (origin, path) = access.origin_and_path();
            draft.claim("aud", format!("{}{path}", origin.to_ascii_uppercase()));
        }
        D::AudienceSlash => draft.claim("aud", with_slash_toggled(resource)),

        D::IssuerForeign | D::IssuerForeignOurKeys => {
            draft.claim("iss", mint.realm.stranger.as_str());
        }
        D::IssuerSlash => draft.claim("iss", with_slash_toggled(&mint.realm.issuer)),
        D::IssuerOtherTenant => match &mint.realm.other_tenant {
            Some(tenant) => draft.claim("iss", tenant.as_str()),
            None => return Err(inapplicable("the server has no other tenant")),
        },
        D::IssuerMissing => draft.without("iss"),

        D::Expired => {
            issue_at(draft, now - 2 * HOUR);
            // More than any difference between clocks.
            draft.claim("exp", now - 15 * MINUTE);
        }
        D::ExpiredJustNow => {
            issue_at(draft, now - HOUR);
            draft.claim("exp", now - SKEW);
        }
        D::ExpiryMissing => draft.without("exp"),
        D::ExpiryText => draft.claim("exp", (now + access.lifetime).to_string()),
        D::LifetimeAbsurd => draft.claim("exp", now + CENTURY),
        // `nbf` alone: some libraries look at `iat`, which nothing demands.
        D::NotYetValid => {
            draft.claim("nbf", now + HOUR);
            draft.claim("exp", now + 2 * HOUR);
        }
        D::NotYetValidJust => issue_at(draft, now + SKEW),
        D::IssuedInFuture => draft.claim("iat", now + HOUR),

        D::ScopeMissing => draft.without("scope"),
        D::ScopeNarrower => match access.scopes.split_last() {
            Some((_, rest)) => draft.claim("scope", rest.join(" ")),
            None => return Err(inapplicable("the access needs no scope")),
        },
        D::ScopeLookAlike if access.scopes.is_empty() => {
            return Err(inapplicable("the access needs no scope"));
        }
        D::ScopeLookAlike => draft.claim("scope", look_alikes(&access.scopes)),
        D::ScopeBroader => {
            let scopes: Vec<&str> =
                access.scopes.iter().map(String::as_str).chain(["plumb:unrelated"]).collect();
            draft.claim("scope", scopes.join(" "));
        }
        D::ScopeArray => draft.claim("scope", json!(access.scopes)),
        _ => {}
    }
    Ok(())
}

fn issue_at(draft: &mut Draft, at: i64) {
    draft.claim("iat", at);
    draft.claim("nbf", at);
}

/// Another path of the same origin.
fn sibling(access: &Access) -> String {
    let (origin, path) = access.origin_and_path();
    let name = if path == "/sibling" { "other-sibling" } else { "sibling" };
    format!("{origin}/{name}")
}

fn with_slash_toggled(uri: &str) -> String {
    uri.strip_suffix('/').map_or_else(|| format!("{uri}/"), str::to_owned)
}

/// The resource one port further, or at 8443 if it names none.
fn at_other_port(access: &Access) -> String {
    let (origin, path) = access.origin_and_path();
    let named = origin.rsplit_once(':').and_then(|(host, p)| Some((host, p.parse::<u16>().ok()?)));
    let (host, port) =
        named.map_or((origin, 8443), |(host, port)| (host, port.wrapping_add(1).max(1)));
    format!("{host}:{port}{path}")
}

/// For each scope: one that contains it, one that it contains, one in the other case; none equals a scope
/// of the access.
fn look_alikes(scopes: &[String]) -> String {
    let mut out: Vec<String> = Vec::new();
    for scope in scopes {
        let mut shorter = scope.clone();
        shorter.pop();
        let cased = if scope.chars().any(char::is_lowercase) {
            scope.to_uppercase()
        } else {
            scope.to_lowercase()
        };
        out.extend([format!("{scope}x"), format!("x{scope}"), shorter, cased]);
    }
    out.retain(|s| !s.is_empty() && !scopes.contains(s));
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_port_differs_and_the_path_stays() {
        let at = |resource: &str| at_other_port(&Access::to(resource));
        assert_eq!(at("http://127.0.0.1:65535/mcp"), "http://127.0.0.1:1/mcp");
        assert_eq!(at("https://a.example"), "https://a.example:8443");
    }

    #[test]
    fn no_look_alike_is_the_scope_itself() {
        let scopes = ["a:read".to_owned(), "A:READ".to_owned()];
        let found = look_alikes(&scopes);
        assert!(found.split(' ').all(|s| !scopes.iter().any(|t| t == s)), "{found}");
        assert!(found.contains("a:readx"), "{found}");
    }
}
