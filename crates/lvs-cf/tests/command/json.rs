//! `lvs-cf show --format=json`: the fields that lvs-cf(1) promises.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::run;

type Object = Map<String, Value>;

/// Nothing but what has to be there.
const LEAST: &str = "\
primary = lvs1
virtual v {
address = 10.0.0.1
server s {
address = rs
}
}
failover f {
address = 10.0.0.2
}
";

fn show(file: &str) -> Object {
    let run = run(&["show", "--format=json", "-"], file);
    assert_eq!(run.status, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("an object")
}

/// The object, and of each kind of object in it the first.
fn objects(shown: &Object) -> [&Object; 4] {
    let service = |list: &str| shown[list][0].as_object().expect("a service");
    let server = shown["virtual_servers"][0]["servers"][0].as_object();
    [
        shown,
        service("virtual_servers"),
        service("failover_services"),
        server.expect("a real server"),
    ]
}

/// The fields of the three kinds of object, as the manual page lists them.
fn documented() -> [BTreeSet<&'static str>; 3] {
    let page = include_str!("../../../../man/lvs-cf.1");
    let between = |text: &'static str, open: &str, close: &str| {
        let behind = text.split_once(open).expect("where it begins").1;
        behind.split_once(close).expect("where it ends")
    };
    let words = |text: &'static str| {
        text.split_whitespace()
            .filter(|word| !matches!(*word, ".Li" | ","))
    };
    let section = between(page, ".Sh JSON\n", "\n.Sh ").0;
    let (outermost, rest) = between(section, ".Bd -filled -offset indent\n", ".Ed\n");
    let (service, rest) = between(rest, ".Bd -filled -offset indent\n", ".Ed\n");
    let server = between(rest, "is a list of objects, with\n.Li ", " .\n").0;
    [
        words(outermost).chain(["format", "file"]).collect(),
        words(service).chain(["name"]).collect(),
        words(server).collect(),
    ]
    .map(|mut fields: BTreeSet<&str>| {
        // What ends the sentence.
        fields.remove(".");
        fields
    })
}

#[test]
fn the_manual_page_lists_the_fields_of_every_object() {
    let [outermost, service, server] = documented();
    let shown = show(LEAST);
    let expected = [&outermost, &service, &service, &server];
    for (object, expected) in objects(&shown).into_iter().zip(expected) {
        let fields: BTreeSet<&str> = object.keys().map(String::as_str).collect();
        assert_eq!(&fields, expected);
    }
}

#[test]
fn what_the_file_does_not_give_is_among_the_defaults_by_the_name_of_its_field() {
    let shown = show(LEAST);
    let objects = objects(&shown);
    let never = ["format", "file", "name", "defaults", "servers"];
    let given = [&["primary"], &["address"], &["address"], &["address"]];
    for (object, given) in objects.into_iter().zip(given) {
        let fields = object.keys().map(String::as_str);
        let expected: BTreeSet<&str> = fields
            .filter(|f| !never.contains(f) && !given.contains(f))
            .filter(|f| !matches!(*f, "virtual_servers" | "failover_services"))
            .collect();
        assert_eq!(defaults(object), expected);
    }
}

/// The list, of which no word is there twice.
fn defaults(object: &Object) -> BTreeSet<&str> {
    let list = object["defaults"].as_array().expect("a list");
    let words: BTreeSet<&str> = list.iter().filter_map(Value::as_str).collect();
    assert_eq!(words.len(), list.len());
    words
}

#[test]
fn a_file_that_says_all_leaves_nothing_to_the_defaults() {
    let page = include_str!("../../../../man/lvs.cf.5");
    let examples = |section: &str| {
        let behind = page
            .split_once(&format!("\n.Sh {section}\n"))
            .expect("it is there")
            .1;
        let lines = behind.split("\n.Sh ").next().unwrap_or_default().lines();
        let shown = lines.filter_map(|line| line.strip_prefix(".Dl "));
        let plain = |line: &str| line.replace("\\(dq", "\"").replace("\\e", "\\") + "\n";
        shown.map(plain).collect::<String>().replace("\\&", "")
    };
    let [global, service, server] =
        ["GLOBAL DIRECTIVES", "VIRTUAL SERVERS", "REAL SERVERS"].map(examples);
    let block = format!("{{\n{service}\nserver s {{\n{server}\n}}\n}}\n");
    let shown = show(&format!("{global}\nvirtual v {block}failover f {block}"));
    for object in objects(&shown) {
        assert_eq!(defaults(object), BTreeSet::new());
        assert!(!object.values().any(Value::is_null), "{object:?}");
    }
}

#[test]
fn the_interval_is_shown_that_nanny_takes() {
    for (lines, millis) in [
        ("", "2000"),
        ("timeout = 3\n", "1000"),
        ("timeout = 1\n", "333.333333"),
        ("timeout = 3\ninterval = 2.000001\n", "2000.001"),
    ] {
        let file = LEAST.replace("10.0.0.1\n", &format!("10.0.0.1\n{lines}"));
        let shown = run(&["show", "--format=json", "-"], &file).out;
        let field = format!("\"interval_ms\": {millis},");
        assert!(shown.contains(&field), "{field} {shown}");
    }
}
