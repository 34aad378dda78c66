//! The manual page lvs.cf(5): what it shows is right.

use std::fmt::Write;
use std::path::Path;

use lvs_cf::{FixedResolver, Kind, LoadError, check, parse};

/// The manual page.
const PAGE: &str = include_str!("../../../man/lvs.cf.5");

/// The text of the section called `name`.
fn section(name: &str) -> &'static str {
    let (_, behind) = PAGE
        .split_once(&format!("\n.Sh {name}\n"))
        .expect("a section");
    behind.split("\n.Sh ").next().expect("its text")
}

/// A line without what the page's own language needs.
fn plain(line: &str) -> String {
    line.replace("\\(dq", "\"")
        .replace("\\&", "")
        .replace("\\e", "\\")
}

/// The example of each item of a section: the lines that are set apart.
fn examples(name: &str) -> Vec<String> {
    let items: Vec<&str> = section(name).split("\n.It Ic ").skip(1).collect();
    let mut examples = Vec::new();
    let mut names = Vec::new();
    for item in items {
        names.extend(item.split_whitespace().next());
        let lines = item.lines().filter_map(|line| line.strip_prefix(".Dl "));
        let of_item: Vec<String> = lines.map(plain).collect();
        // Directives that are explained together have their examples together.
        if item.lines().count() > 1 {
            let shown: Vec<&str> = of_item.iter().filter_map(|l| l.split(' ').next()).collect();
            assert_eq!(shown, names, "examples of {names:?}");
            names.clear();
        }
        examples.extend(of_item);
    }
    examples
}

#[test]
fn every_directive_has_an_example_and_they_load() {
    let mut file = examples("GLOBAL DIRECTIVES").join("\n");
    let server = examples("REAL SERVERS").join("\n");
    let block = examples("VIRTUAL SERVERS").join("\n");
    for kind in ["virtual", "failover"] {
        let _ = write!(
            file,
            "\n{kind} a {{\n{block}\nserver b {{\n{server}\n}}\n}}"
        );
    }
    let resolver = FixedResolver::new().with_service("https", lvs_cf::Protocol::Udp, 443);
    if let Err(invalid) = parse(Path::new("lvs.cf"), file.into(), &resolver) {
        panic!("{}", LoadError::from(invalid).report("lvs-cf"));
    }
}

#[test]
fn what_this_version_refuses_is_on_the_page() {
    let listed: Vec<&str> = section("NOT IN THIS VERSION")
        .lines()
        .filter_map(|line| line.strip_prefix(".Ic "))
        // `NAME = VALUE`: other values than the example's.
        .filter(|words| !words.contains('='))
        .filter_map(|words| words.split(' ').next())
        // What `service = fos` brings: refused with it only.
        .take_while(|name| *name != "failover")
        .collect();
    let refused = |source: String| {
        let checked = check(Path::new("x.cf"), source.into(), &FixedResolver::new());
        let found = checked.err().map(|e| e.diagnostics).unwrap_or_default();
        found.iter().any(|d| d.kind == Kind::Unsupported)
    };
    let mut wrong = Vec::new();
    for (scope, open, close) in [
        ("GLOBAL DIRECTIVES", "", ""),
        (
            "VIRTUAL SERVERS",
            "virtual a {\nactive = 1\naddress = 1.2.3.1\n",
            "\n}",
        ),
    ] {
        for example in examples(scope) {
            let name = example.split(' ').next().unwrap_or_default();
            let source = format!("primary = 1.2.3.2\n{open}{example}{close}\n");
            if refused(source) != listed.contains(&name) {
                wrong.push(example);
            }
        }
    }
    assert_eq!(wrong, [""; 0], "refused and not listed, or the reverse");
}

#[test]
fn the_whole_example_loads_without_a_word() {
    let (_, behind) = section("EXAMPLES")
        .split_once(".Bd -literal -offset indent\n")
        .unwrap();
    let file = behind.split("\n.Ed").next().unwrap();
    let loaded = parse(Path::new("lvs.cf"), file.into(), &FixedResolver::new());
    assert_eq!(loaded.expect("it loads").warnings, []);
}
