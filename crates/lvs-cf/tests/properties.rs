//! Properties that hold for every input: nothing is lost, nothing panics, every place is in the
//! file.

use std::fs;
use std::path::Path;

use lvs_cf::{Diagnostic, Document, FixedResolver, Kind, LoadError, check, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The corpus and the example: real files to break.
fn real_files() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = fs::read_dir(root.join("tests/corpus"))
        .expect("the corpus is there")
        .map(|entry| entry.expect("the corpus is readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "cf"))
        .collect();
    paths.push(root.join("../../etc/lvs.cf.example"));
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("the corpus is readable"))
        .collect()
}

/// Pieces that mean something, so that random files reach every part of the parser.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        "virtual",
        "server",
        "failover",
        "{",
        "}",
        "=",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "#",
        "\"",
        "'",
        "primary",
        "backup",
        "address",
        "active",
        "port",
        "network",
        "nat_router",
        "keepalive",
        "deadtime",
        "scheduler",
        "wlc",
        "nat",
        "direct",
        "1.2.3.4",
        "eth0:1",
        "0",
        "1",
        "10",
        "0x1f",
        "08",
        "250ms",
        "http",
        "send",
        "fwmark",
        "\u{feff}",
        "é",
        "\0",
        "\u{1b}",
    ];
    prop_oneof![
        8 => select(words).prop_map(|w| w.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
    ]
}

/// Lines that are nearly right: every directive with values that some directive takes.
fn statement() -> impl Strategy<Value = Vec<u8>> {
    let names = "primary backup backup_active primary_private backup_private primary_shared \
        backup_shared service heartbeat heartbeat_port keepalive deadtime rsh_command network \
        nat_router nat_nmask reservation_conflict_action debug_level monitor_links hard_shutdown \
        ipvsadm syncdaemon syncd_iface syncd_id tcp_timeout tcpfin_timeout udp_timeout active_cmd \
        inactive_cmd sync serial_no active address vip_nmask port protocol fwmark scheduler \
        persistent pmask timeout reentry interval load_monitor send expect use_regex send_program \
        quiesce_server sorry_server client_monitor start_cmd stop_cmd master dirs weight";
    let names: Vec<&str> = names.split_whitespace().collect();
    let values = "0 1 2 21 64 255 0x50 4294967295 -1 250ms 0.5 2m 1.2.3.4 1.2.3.5 0.0.0.0 \
        2001:db8::1 :: fe80::1 name.example 255.255.255.0 255.0.255.0 eth0 eth0:1 nat direct \
        tunnel lvs fos tcp udp sctp rr wlc twos nothing preempt NONE ssh uptime none http ftp \
        [ ] [a b] /bin/x \"%h\" '' * #";
    let values: Vec<&str> = values.split_whitespace().collect();
    let opens = vec![
        "virtual a {\n",
        "virtual server b {\n",
        "failover c {\n",
        "server d {\n",
        "}\n",
        "}\n",
        "}\n}\n",
    ];
    prop_oneof![
        4 => (select(names), vec(select(values), 0..4)).prop_map(|(name, values)| {
            format!("{name} = {}\n", values.join(" ")).into_bytes()
        }),
        1 => select(opens).prop_map(|open| open.as_bytes().to_vec()),
    ]
}

/// Checks what holds for any source.
fn holds(source: &[u8]) -> Result<(), TestCaseError> {
    let (document, _) = Document::parse(source.to_vec());
    prop_assert_eq!(document.to_bytes(), source);
    let in_file = |diagnostics: &[Diagnostic]| {
        diagnostics.iter().all(|d| {
            let len = u32::try_from(source.len()).expect("a short source");
            let lines = u32::try_from(document.line_count().max(1)).expect("a short source");
            d.span.start <= d.span.end()
                && d.span.end() <= len
                && (1..=lines).contains(&d.line)
                && document.position(d.span.start) == (d.line, d.column)
                && !d.reason.contains(char::is_control)
        })
    };
    let refused = check(Path::new("x.cf"), source.to_vec(), &FixedResolver::new()).err();
    if let Some(refused) = &refused {
        prop_assert!(in_file(&refused.diagnostics), "{:?}", refused.diagnostics);
        let lines = |kind| {
            let of_kind = refused.diagnostics.iter().filter(move |d| d.kind == kind);
            of_kind.map(|d| d.line)
        };
        for line in lines(Kind::Unsupported) {
            let idle = lines(Kind::NoEffect).any(|other| other == line);
            prop_assert!(!idle, "line {line} is refused and has no effect");
        }
    }
    match parse(Path::new("x.cf"), source.to_vec(), &FixedResolver::new()) {
        Ok(loaded) => {
            prop_assert!(in_file(&loaded.warnings), "{:?}", loaded.warnings);
            prop_assert_eq!(loaded.report("p").is_empty(), loaded.warnings.is_empty());
            prop_assert!(loaded.config.deadtime.value > loaded.config.keepalive.value);
        }
        Err(invalid) => {
            let refused = refused.map_or(0, |refused| refused.errors);
            prop_assert!(refused >= invalid.errors, "what is wrong is refused");
            prop_assert!(in_file(&invalid.diagnostics), "{:?}", invalid.diagnostics);
            let first = invalid
                .diagnostics
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            let report = LoadError::from(invalid).report("p");
            let expected = format!("p: error parsing x.cf at {first}\n");
            prop_assert!(report.starts_with(&expected), "{report}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_bytes(source in vec(any::<u8>(), 0..2000)) {
        holds(&source)?;
    }

    #[test]
    fn arbitrary_statements(pieces in vec(piece(), 0..200)) {
        holds(&pieces.concat())?;
    }

    #[test]
    fn nearly_right_statements(lines in vec(statement(), 0..60)) {
        holds(&[b"primary = 1.2.3.2\n".to_vec(), lines.concat()].concat())?;
    }

    #[test]
    fn mutated_real_files(
        which in any::<Index>(),
        cuts in vec((any::<Index>(), any::<Index>(), piece()), 1..6),
    ) {
        let files = real_files();
        let mut source = which.get(&files).clone();
        for (at, len, piece) in cuts {
            let start = at.index(source.len() + 1);
            let end = start + len.index((source.len() - start).min(20) + 1);
            source.splice(start..end, piece);
        }
        holds(&source)?;
    }
}

#[test]
fn real_files_hold() {
    for source in real_files() {
        holds(&source).unwrap();
    }
}
