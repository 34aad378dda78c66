//! What this version does not do keeps a file from loading where it would run, and only there.

use std::path::Path;

use lvs_cf::{Diagnostic, FixedResolver, Kind, check};

fn found(source: &str) -> Vec<Diagnostic> {
    match check(Path::new("x.cf"), source.into(), &FixedResolver::new()) {
        Ok(loaded) => loaded.warnings,
        Err(invalid) => invalid.diagnostics,
    }
}

/// The lines that are refused. Everything else that is found must be a warning.
fn refused(source: &str) -> Vec<u32> {
    let found = found(source);
    let (unsupported, rest): (Vec<_>, Vec<_>) =
        found.iter().partition(|d| d.kind == Kind::Unsupported);
    for other in rest {
        assert_eq!(other.severity, lvs_cf::Severity::Warning, "{source}{other}");
        let twice = unsupported.iter().any(|d| d.line == other.line);
        assert!(!twice, "said twice of one line: {source}{other}");
    }
    unsupported.iter().map(|d| d.line).collect()
}

#[test]
fn what_needs_failover_services_is_refused_with_them_only() {
    for line in [
        "primary_shared = /dev/sdb1",
        "backup_shared = /dev/sdb1",
        "reservation_conflict_action = preempt",
        "failover a {\nactive = 1\naddress = 10.1.0.90\nstart_cmd = /bin/true\n}",
    ] {
        let lvs = format!("primary = 10.1.0.1\nservice = lvs\n{line}\n");
        assert_eq!(refused(&lvs), [0_u32; 0], "{lvs}");
        let fos = format!("primary = 10.1.0.1\nservice = fos\n{line}\n");
        assert_eq!(refused(&fos), [2, 3], "{fos}");
        let name = line.split(' ').next().unwrap();
        let reason = format!(" \"{name}\": not implemented in this version");
        assert!(found(&fos)[1].reason.ends_with(&reason), "{fos}");
    }
    let idle = "primary = 10.1.0.1\nservice = fos\nfailover a {\naddress = 10.1.0.90\n}\n";
    assert_eq!(refused(idle), [2], "an inactive block runs nowhere");
}

#[test]
fn a_virtual_block_is_refused_if_it_runs() {
    for line in ["sorry_server = 10.2.0.9", "protocol = sctp"] {
        for (service, active, lines) in [
            ("lvs", 1, &[5][..]),
            ("lvs", 0, &[]),
            // There the service itself is refused.
            ("fos", 1, &[2]),
            ("fos", 0, &[2]),
        ] {
            let source = format!(
                "primary = 10.1.0.1\nservice = {service}\nvirtual a {{\nactive = {active}\n{line}\n\
                 address = 10.1.0.80\n}}\n"
            );
            assert_eq!(refused(&source), lines, "{source}");
        }
    }
    let commands = "primary = 10.1.0.1\nvirtual a {\nactive = 1\naddress = 10.1.0.80\n\
                    start_cmd = /bin/true\nstop_cmd = /bin/true\n}\n";
    assert_eq!(refused(commands), [0_u32; 0], "they have no effect there");
}

#[test]
fn a_second_block_under_one_mark_is_refused_if_both_run() {
    let block = |name: &str, active: u8, port: u16| {
        format!(
            "virtual {name} {{\nactive = {active}\naddress = 10.1.0.80\nport = {port}\nfwmark = 7\n}}\n"
        )
    };
    for (first, second, lines) in [(1, 1, &[12][..]), (0, 1, &[]), (1, 0, &[])] {
        let (a, b) = (block("a", first, 80), block("b", second, 443));
        let source = format!("primary = 10.1.0.1\n{a}{b}");
        assert_eq!(refused(&source), lines, "{source}");
    }
}

#[test]
fn ipv6_is_refused_where_it_takes_part() {
    let six = "primary = 2001:db8::1\nbackup = 2001:db8::2\n";
    assert_eq!(refused(six), [1, 2]);
    assert_eq!(refused(&format!("{six}backup_active = 0\n")), [1]);
    let private = "primary = 10.1.0.1\nprimary_private = fd00::1\nbackup_private = fd00::2\n";
    assert_eq!(refused(&format!("{private}backup = 10.1.0.2\n")), [2, 3]);
    assert_eq!(refused(private), [0_u32; 0]);
    let one = "primary = 10.1.0.1\nbackup = 10.1.0.2\nprimary_private = fd00::1\n";
    assert_eq!(
        refused(one),
        [0_u32; 0],
        "without the other it has no effect"
    );
    let gateway = "primary = 10.1.0.1\nnat_router = fd00::fe eth1:1\n";
    assert_eq!(refused(gateway), [2]);
    assert_eq!(refused(&format!("{gateway}network = direct\n")), [0_u32; 0]);
    let block = |active: u8, server: u8| {
        format!(
            "primary = 10.1.0.1\nnetwork = direct\nvirtual a {{\nactive = {active}\n\
             address = 2001:db8::80\nmaster = 2001:db8::9\nserver b {{\nactive = {server}\n\
             address = 2001:db8::11\n}}\n}}\n"
        )
    };
    assert_eq!(refused(&block(1, 1)), [5, 9]);
    assert_eq!(refused(&block(1, 0)), [5]);
    assert_eq!(refused(&block(0, 1)), [0_u32; 0]);
}
