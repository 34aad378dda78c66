//! A line that is mistyped is mistyped, and not missing: nothing is said of other lines for it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use lvs_cf::{Diagnostic, FixedResolver, Kind, Severity, parse};

fn found(source: String) -> Vec<Diagnostic> {
    match parse(Path::new("x.cf"), source.into(), &FixedResolver::new()) {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => invalid.diagnostics,
    }
}

/// What is said because something else is missing or too small.
fn of_other_lines(source: String) -> HashSet<String> {
    let about_others = |d: &Diagnostic| {
        let kinds = [
            Kind::DeadtimeTooShort,
            Kind::NatWithoutRouter,
            Kind::NoPersistence,
            Kind::Duplicate,
            Kind::RealPort,
            Kind::SorryServerInPool,
        ];
        let missing = d.kind == Kind::MissingArguments && d.reason.contains(" has no ");
        missing
            || d.severity == Severity::Warning
                && (kinds.contains(&d.kind)
                    || d.reason.contains(" without ")
                    || d.reason.contains(" a later block ")
                    || d.reason.contains(" has no `active`")
                    || d.reason.contains(" without data to send")
                    || d.reason.contains(" is matched as plain text")
                    || d.reason.contains(" a weight above 0")
                    || d.reason.contains(" exceeds `timeout`"))
    };
    let reasons = found(source).into_iter().filter(about_others);
    reasons.map(|d| d.reason).collect()
}

/// The line as a hasty hand would have it.
fn mistyped(line: &str) -> Vec<String> {
    let Some((name, value)) = line.split_once('=') else {
        // A block's beginning or end.
        return vec![
            line.replace(['{', '}'], ""),
            line.replace(['{', '}'], "]"),
            format!("{line} \"x"),
        ];
    };
    let indent = name.len() - name.trim_start_matches([' ', '\t', '\u{feff}']).len();
    let (blanks, name) = name.split_at(indent);
    let first = &name[..1];
    vec![
        format!("{blanks}{name}="),
        format!("{blanks}{name}= \"{value}"),
        format!("{blanks}{name}{value}"),
        format!("{blanks}{first}{name}={value}"),
        format!("{blanks}{name}= x y z"),
        format!("{blanks}{name}=\u{1}{value}.300"),
    ]
}

#[test]
fn a_port_that_cannot_be_read_is_nobody_elses() {
    let file = |network: &str, port: &str, one: &str, two: &str| {
        format!(
            "primary = 10.1.0.1\nnetwork = {network}\nnat_router = 10.2.0.254 eth1\n\
             virtual v {{\nactive = 1\naddress = 10.1.0.8\n{port}\n\
             server one {{\nactive = 1\naddress = 10.2.0.1\n{one}\n}}\n\
             server two {{\nactive = 1\naddress = 10.2.0.1\n{two}\n}}\n}}\n"
        )
    };
    for (network, port, one, two, expected) in [
        ("nat", "", "", "", &["duplicate"][..]),
        ("nat", "", "port = 80", "port = x80", &["invalid"]),
        ("nat", "", "prot = 8080", "", &["unknown"]),
        ("nat", "", "port 8080", "port = 80", &["equal"]),
        ("nat", "port = x80", "", "port = 80", &["invalid"]),
        (
            "nat",
            "port = x80",
            "port = 8080",
            "port = 8080",
            &["invalid", "duplicate"],
        ),
        (
            "direct",
            "port = x80",
            "port = 8080",
            "port = 8081",
            &["invalid", "duplicate", "no"],
        ),
        ("drect", "", "port = 80", "port = 81", &["invalid"]),
    ] {
        let found = found(file(network, port, one, two));
        let words: Vec<&str> = found
            .iter()
            .filter_map(|d| d.reason.split(' ').next())
            .collect();
        assert_eq!(words.len(), expected.len(), "{found:#?}");
        assert!(expected.iter().all(|e| words.contains(e)), "{found:#?}");
    }
}

#[test]
fn a_mistyped_line_makes_nothing_missing() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut tried = 0;
    let mut wrong = Vec::new();
    let files = fs::read_dir(&directory).unwrap().map(|e| e.unwrap().path());
    for path in files.filter(|p: &PathBuf| p.extension().is_some_and(|e| e == "cf")) {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        // The large files are many times the same.
        if text.len() > 4096 || parse(&path, text.clone().into(), &FixedResolver::new()).is_err() {
            continue;
        }
        let before = of_other_lines(text.clone());
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            for broken in mistyped(line) {
                tried += 1;
                let mut lines = lines.clone();
                lines[index] = &broken;
                let after = of_other_lines(lines.join("\n"));
                let new: Vec<_> = after.difference(&before).collect();
                if !new.is_empty() {
                    let name = path.file_name().unwrap().to_string_lossy();
                    wrong.push(format!("{name}: {broken}: {new:?}"));
                }
            }
        }
    }
    assert!(tried > 2000, "only {tried} tried");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
