use plumb_certificate::Judgement;

use super::*;

fn matrix() -> Matrix {
    let judgement = Judgement {
        set: "x/1".into(),
        set_digest: Digest::of(b""),
        standing: Standing::NotConformant,
        violated: vec!["a".into()],
        undecided: Vec::new(),
        reservations: Vec::new(),
    };
    let value = serde_json::json!({
        "format": 2, "sets": ["x/1", "y/1"],
        "requirements": [{"id": "a", "level": "MUST", "page": "p", "summary": "Holds."}],
        "servers": [
            {"name": "io.example/<b>", "version": "1.0", "area": "Files", "class": "judged", "judgement": judgement,
             "verdicts": "f", "found": {"a": "<i>this</i>"}},
            {"name": "../evil", "version": "", "area": "", "class": "target-down", "judgement": null, "verdicts": "-", "found": {}},
        ],
    });
    Matrix::parse(&value.to_string()).expect("a matrix")
}

#[test]
fn a_site_has_a_page_and_a_badge_for_each_server_and_nothing_of_a_server_is_markup() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &matrix(), Some(&matrix()), &Evidence::default()).expect("written");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).expect("a file");
    let index = read("index.html");
    assert!(index.contains("2 MCP servers") && index.contains("1 not judged"), "{index}");
    let files = |name: &str| std::fs::read_dir(folder.path().join(name)).expect("a folder").count();
    assert_eq!((files("servers"), files("areas"), files("badges")), (2, 2, 2));
    let badge = format!("badges/{}.svg", slug("io.example/<b>", "1.0"));
    assert!(read(&badge).contains("not conformant"));
    let page = read(&format!("servers/{}.html", slug("io.example/<b>", "1.0")));
    assert!(page.contains(&badge), "{page}");
    assert!(page.contains("&#60;b&#62;") && page.contains("&#60;i&#62;this"), "{page}");
    assert!(!page.contains("<b>") && !page.contains("<i>this"));
    assert!(read("changes.html").contains("Nothing."));
    assert!(
        page.contains("by x/1") && index.contains("the frozen sets x/1, y/1, each"),
        "{page}{index}"
    );
    assert!(index.contains("By revision") && index.contains("<li>y <span class=\"dim\">0</span>"));
    assert!(
        index.contains("servers/io.example--b-1.0"),
        "few servers stand on the first page: {index}"
    );
}

#[test]
fn a_site_over_an_older_one_has_no_page_of_it_and_other_folders_keep_theirs() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("servers/gone.html");
    let put = || {
        std::fs::create_dir_all(folder.path().join("servers")).expect("a folder");
        std::fs::write(&old, "").expect("written");
    };
    put();
    write(folder.path(), &matrix(), Some(&matrix()), &Evidence::default()).expect("written");
    assert!(old.exists(), "it was no site");
    write(folder.path(), &matrix(), None, &Evidence::default()).expect("written");
    assert!(!old.exists() && !folder.path().join("changes.html").exists());
}

#[test]
fn a_result_that_is_spoilt_leaves_the_older_pages_as_they_are() {
    let (site, results) = (tempfile::tempdir().expect("one"), tempfile::tempdir().expect("two"));
    write(site.path(), &matrix(), Some(&matrix()), &Evidence::default()).expect("written");
    let place = results.path().join("one");
    let outcome = serde_json::json!({
        "target": {"name": "io.example/<b>", "version": "1.0", "url": "https://a.example/mcp"},
        "class": "judged", "exit_code": 0, "tries": 1, "bundle": Digest::of(b"that it was"),
    });
    std::fs::create_dir(&place).expect("a folder");
    std::fs::write(place.join("outcome.json"), outcome.to_string()).expect("written");
    std::fs::write(place.join("bundle.json"), "that it is").expect("written");
    let evidence = Evidence::in_folders(&[results.path()]).expect("results");
    let error = write(site.path(), &matrix(), None, &evidence).expect_err("a bundle is another");
    assert!(matches!(error, SiteError::Results(_)), "{error}");
    let names = std::fs::read_dir(site.path()).expect("a folder").flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    assert!(names.iter().any(|name| name == CHANGES), "{names:?}");
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with('.')), "{names:?}");
}

#[test]
fn many_servers_are_counted_in_groups_of_digits() {
    assert_eq!([counted(1), counted(10_000)], ["1 MCP server", "10\u{a0}000 MCP servers"]);
}

#[test]
fn a_name_leads_out_of_no_folder_and_into_no_other_servers_page() {
    for name in ["../evil", "a/../../b", "CON", ".", ""] {
        let slug = slug(name, "");
        assert!(!slug.contains('/') && !slug.starts_with('.'), "{slug}");
    }
    assert_ne!(slug("a/b", "1"), slug("a-b", "1"));
}
