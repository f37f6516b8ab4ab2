//! Icons, which the client fetches only where a rule is broken.

use serde_json::Value;

use super::Client;
use super::post::Address;

impl Client {
    /// Looks at the icons of what was listed. None that a server on this machine can offer is to be fetched.
    ///
    /// Errors: an icon is broken, and that is taken seriously.
    pub(super) async fn see_icons(&self, items: &[Value]) -> Result<(), String> {
        let rules = &self.rules;
        let icons = items.iter().flat_map(|item| item["icons"].as_array().into_iter().flatten());
        for src in icons.filter_map(|icon| icon["src"].as_str()) {
            if src.contains("%%%") && !rules.survives_icons {
                return Err(format!("no icon: {src}"));
            }
            if src.ends_with("/plain.png") && !rules.icons_without_cookies {
                let cookie = [("Cookie".to_owned(), b"session=1".to_vec())];
                self.fetch(src, &cookie).await;
            }
            let wanted = src.ends_with("/plain.png") && !rules.leaves_plain_icons
                || src.ends_with("/scheme.png") && !rules.leaves_other_schemes
                || src.ends_with("/origin.png") && !rules.leaves_foreign_icons
                || src.ends_with("/redirecting.png") && !rules.follows_no_redirect;
            if wanted && let Some(location) = self.fetch(src, &[]).await {
                self.fetch(&location, &[]).await;
            }
        }
        Ok(())
    }

    /// Fetches something and says where else it is.
    async fn fetch(&self, url: &str, headers: &[(String, Vec<u8>)]) -> Option<String> {
        let url = url.replacen("ws:", "http:", 1);
        let answer =
            Address::parse(&url).ok()?.send("GET", headers, &[], &self.rules).await.ok()?;
        answer.location
    }
}
