use super::*;

fn matrix(verdicts: &[(&str, &str)]) -> Matrix {
    let requirement = |id: &str| Requirement {
        id: id.into(),
        level: "MUST".into(),
        page: "p".into(),
        summary: "s".into(),
    };
    let row = |(name, verdicts): &(&str, &str)| Row {
        name: (*name).into(),
        version: "1".into(),
        area: String::new(),
        class: Class::Judged,
        judgement: None,
        verdicts: (*verdicts).into(),
        found: BTreeMap::new(),
    };
    Matrix {
        format: FORMAT,
        sets: vec!["x/1".into()],
        requirements: ["a", "b"].map(requirement).into(),
        servers: verdicts.iter().map(row).collect(),
    }
}

#[test]
fn what_broke_and_what_healed_is_told_and_what_was_not_seen_is_neither() {
    let before = matrix(&[("one", "hf"), ("two", "uu"), ("three", "hh")]);
    let changes = matrix(&[("one", "fh"), ("two", "fw"), ("four", "hh")]).since(&before);
    let ids = |changes: &[Change]| {
        changes.iter().map(|c| format!("{} {}", c.name, c.ids.join("+"))).collect::<Vec<_>>()
    };
    assert_eq!(ids(&changes.broke), ["one a"]);
    assert_eq!(ids(&changes.healed), ["one b"]);
    assert_eq!((changes.new, changes.gone), (vec!["four".to_owned()], vec!["three".to_owned()]));
}

#[test]
fn a_matrix_is_read_back_and_one_of_another_format_is_not() {
    let whole = matrix(&[("one", "hf")]);
    let text = String::from_utf8(whole.to_bytes()).expect("text");
    assert_eq!(Matrix::parse(&text), Ok(whole));
    assert!(Matrix::parse(&text.replace("\"format\":2", "\"format\":1")).is_err());
}
