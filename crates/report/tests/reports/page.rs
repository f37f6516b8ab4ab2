//! The HTML file.

use std::time::{Duration, Instant};

use plumb_report::html;
use plumb_report::text::misleads;

use crate::sample;

#[test]
fn the_policy_allows_the_style_sheet_and_the_script_that_are_in_the_file() {
    let page = html::render(&sample::http());
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
        let text = between(&page, &format!("<{element}>"), &format!("</{element}>"));
        let allowed = between(&page, &format!("{directive} '"), "'");
        assert_eq!(allowed, hash(text), "put the hash on the right into src/html.rs");
    }
}

#[test]
fn nothing_of_a_target_becomes_markup() {
    for report in sample::hostile() {
        let page = html::render(&report);
        assert_eq!(page.matches("<script>").count(), 1);
        assert!(!page.contains("<b>Express"));
        assert!(!page.contains("style=\""), "the policy forbids style attributes");
        assert_eq!(page.chars().find(|c| misleads(*c) && !matches!(c, '\n' | '\t')), None);
    }
}

#[test]
fn only_addresses_of_the_web_become_links() {
    let mut report = sample::http();
    report.checks[1].info.url = "javascript:alert(1)".into();
    let page = html::render(&report);
    for href in page.split(" href=\"").skip(1) {
        let fine = ["#", "https://", "http://", "data:image/svg+xml,"];
        assert!(fine.iter().any(|f| href.starts_with(f)), "{}", &href[..40]);
    }
}

#[test]
fn every_link_inside_the_file_has_its_target_and_no_anchor_stands_twice() {
    let alone = [sample::http(), sample::stdio(), sample::large(100, 50)];
    let alone = alone.iter().map(html::render);
    for page in alone.chain([html::render_run(&sample::dual())]) {
        let mut anchors: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
        for link in page.split("href=\"#").skip(1).filter_map(|s| s.split('"').next()) {
            assert!(anchors.contains(&link), "{link}");
        }
        let all = anchors.len();
        anchors.sort_unstable();
        anchors.dedup();
        assert_eq!(anchors.len(), all);
    }
}

#[test]
fn a_large_run_stays_fast_and_bounded() {
    let report = sample::large(400, 2_000);
    let start = Instant::now();
    let page = html::render(&report);
    assert!(page.len() < 8 << 20, "{} bytes", page.len());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).expect(from).1;
    rest.split_once(to).expect(to).0
}

fn hash(text: &str) -> String {
    use base64::Engine as _;
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}
