//! No input may panic, hang or use unbounded memory: a mebibyte of anything ends within a second.
//!
//! `cargo test --release -p lvs-cf --test limits` proves that. Without optimisation the inputs are
//! an eighth of the size and the limit is generous: that still finds any quadratic step.

use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use lvs_cf::{FixedResolver, Kind, LoadError, check};

/// How much smaller the inputs are.
const SHARE: usize = if cfg!(debug_assertions) { 8 } else { 1 };
const MIB: usize = (1 << 20) / SHARE;
/// How many directives are too many.
const MANY: usize = 200_000 / SHARE;
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// This thread's, so that a busy machine does not fail the test.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("a thread has a clock")
        .into()
}

/// Parses `source`, reports whatever there is to report, and gives the number of errors and the
/// report.
fn timed(what: &str, source: Vec<u8>) -> (usize, String) {
    let start = cpu_time();
    let (errors, report) = match check(Path::new("big.cf"), source, &FixedResolver::new()) {
        Ok(loaded) => (0, loaded.report("lvsd")),
        Err(invalid) => (invalid.errors, LoadError::from(invalid).report("lvsd")),
    };
    let took = cpu_time() - start;
    println!("{what}: {took:?}, {errors} errors");
    assert!(took < LIMIT, "{what} took {took:?}");
    assert!(
        report.len() < 64 << 10,
        "{what}: a report of {} bytes",
        report.len()
    );
    (errors, report)
}

/// `piece` until there is a mebibyte of it.
fn mebibyte_of(piece: &str) -> Vec<u8> {
    piece.repeat(MIB.div_ceil(piece.len())).into_bytes()
}

#[test]
fn a_mebibyte_of_braces() {
    let (errors, _) = timed("{", mebibyte_of("{"));
    assert_eq!(errors, 2, "the word, and no primary");
    timed("}", mebibyte_of("}"));
    timed("{ ", mebibyte_of("{ "));
    timed("{ by line", mebibyte_of("{\n"));
    timed("} by line", mebibyte_of("}\n"));
}

#[test]
fn adversarial_nesting() {
    for piece in [
        "virtual a {\n",
        "server a {\n",
        "x {\n",
        "virtual a {\nserver b {\n",
        "failover {",
        "failover a {\n",
        "failover a {\nvirtual b {\n",
        "failover a {\nserver b {\n",
    ] {
        let (errors, _) = timed(piece, mebibyte_of(piece));
        assert!(errors > 0);
    }
    let balanced = format!(
        "{}{}",
        "x {\n".repeat(150_000 / SHARE),
        "}\n".repeat(150_000 / SHARE)
    );
    let (errors, _) = timed("balanced", balanced.into_bytes());
    assert_eq!(errors, 2, "the outermost block, and no primary");
}

#[test]
fn one_line_of_a_mebibyte() {
    for piece in [
        "x",
        "x ",
        " ",
        "\t",
        "\"",
        "' ",
        "# ",
        "=",
        "= ",
        "a=",
        "\u{e9}",
        "\u{1f600} ",
    ] {
        timed(piece, mebibyte_of(piece));
        let in_value = [b"primary = ".to_vec(), mebibyte_of(piece)].concat();
        timed(&format!("primary = {piece}"), in_value);
        let in_title = [b"virtual ".to_vec(), mebibyte_of(piece), b" {".to_vec()].concat();
        timed(&format!("virtual {piece}"), in_title);
    }
    let quoted = format!("rsh_command = \"{}\"\n", "x".repeat(MIB));
    timed("quoted", quoted.into_bytes());
    let number = format!("serial_no = {}\n", "9".repeat(MIB));
    timed("number", number.into_bytes());
    let time = format!("keepalive = 1.{}\n", "9".repeat(MIB));
    timed("time", time.into_bytes());
}

#[test]
fn bytes_that_are_no_text() {
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(MIB)
    .collect();
    let (errors, report) = timed("noise", noise);
    assert!(
        errors == 1 && report.contains("not a text file"),
        "{report}"
    );
    timed("not UTF-8", vec![0xff; MIB]);
    timed(
        "not UTF-8 by line",
        [b"primary = \xe9\n".as_slice(); 90_000 / SHARE / SHARE].concat(),
    );
    timed("CR", vec![b'\r'; MIB]);
    timed("LF", vec![b'\n'; MIB]);
    timed("NUL", vec![0; MIB]);
}

#[test]
fn two_hundred_thousand_directives() {
    let valid = format!("primary = 1.2.3.2\n{}", "serial_no = 7\n".repeat(MANY));
    let (errors, report) = timed("the same directive", valid.into_bytes());
    assert_eq!(errors, 0);
    let more = MANY - 1 - 20;
    assert!(
        report.ends_with(&format!("... and {more} more warnings\n")),
        "{report}"
    );
    for line in [
        "nonsense = 1",
        "prmary = 1.2.3.2",
        "primary 1.2.3.2",
        "primary = x y z",
        "primary =",
        "}",
        "scheduler = wlcc",
        "network = drect",
        "send = x",
        "monitor_links = x",
        "sever x {",
        "syncd_id = 256",
        "fwmark = 1",
        "dirs = [",
        "start_cmd = x",
    ] {
        let source = format!("primary = 1.2.3.2\n{}", format!("{line}\n").repeat(MANY));
        let (errors, report) = timed(line, source.into_bytes());
        assert!(errors >= 1, "{line}");
        if errors >= MANY {
            let more = errors - 20;
            assert!(
                report.ends_with(&format!("... and {more} more errors\n")),
                "{report}"
            );
        }
    }
}

#[test]
fn faults_in_every_block() {
    for inside in [
        "adress = 1.2.3.4",
        "",
        "address = nowhere",
        "weight = x",
        "scheduler = rr",
    ] {
        let block = format!("server a {{\n{inside}\n}}\n");
        let body = block.repeat(MIB / block.len());
        let source = format!("primary = 1.2.3.2\nvirtual v {{\naddress = 1.2.3.1\n{body}}}\n");
        let (errors, _) = timed(inside, source.into_bytes());
        assert!(errors > 10_000 / SHARE, "{inside}");
    }
    let twins = "server a {\naddress = 1.2.3.4\nactive = 1\n}\n".repeat(25_000 / SHARE);
    let source = format!("primary = 1.2.3.2\nvirtual v {{\naddress = 1.2.3.1\n{twins}}}\n");
    assert_eq!(timed("twins", source.into_bytes()).0, 0);
}

#[test]
fn lists_of_every_shape() {
    for piece in ["a ", "[ ", "] ", "[a] ", "\"a b\" ", "[\u{e9}", "]"] {
        for (open, close) in [("[ ", " ]"), ("[ ", ""), ("", " ]"), ("", "")] {
            let list = String::from_utf8(mebibyte_of(piece)).expect("UTF-8");
            let source = format!(
                "primary = 1.2.3.2\nfailover v {{\naddress = 1.2.3.1\ndirs = {open}{list}{close}\n}}\n"
            );
            timed(&format!("dirs = {open}{piece}{close}"), source.into_bytes());
        }
    }
    let lists = "dirs = [ a b ]\n".repeat(MANY / 4);
    let source = format!("primary = 1.2.3.2\nfailover v {{\naddress = 1.2.3.1\n{lists}}}\n");
    timed("many lists", source.into_bytes());
}

#[test]
fn a_mebibyte_of_outer_blocks() {
    for (kind, inside) in [
        (
            "failover",
            "active = 1\nstart_cmd = /bin/x\nstop_cmd = /bin/x\nscheduler = rr",
        ),
        ("failover", "dirs = x"),
        ("virtual", "active = 1\nfwmark = 7\nscheduler = rr"),
        (
            "virtual",
            "active = 1\nfwmark = 7\npersistent = 9\nport = 0x50",
        ),
        (
            "virtual",
            "send = x\nexpect = y\nsend_program = z\nuse_regex = 1",
        ),
        ("virtual", "protocol = udp\nport = nosuch\nprotocol = tcp"),
        (
            "virtual",
            "sorry_server = 2001:db8::1\npmask = 64\nvip_nmask = 64",
        ),
        (
            "virtual",
            "server a {\naddress = 2001:db8::1\nport = http\n}",
        ),
    ] {
        let block = format!("{kind} a {{\naddress = 1.2.3.1\n{inside}\n}}\n");
        let body = block.repeat(MIB / block.len());
        let source = format!("primary = 1.2.3.2\n{body}");
        let (errors, _) = timed(&format!("{kind}: {inside}"), source.into_bytes());
        assert!(inside != "dirs = x" || errors > 1000 / SHARE, "{kind}");
    }
}

#[test]
fn the_first_error_is_the_first_whatever_found_it() {
    // The bad brace is found while cutting, the bad value while reading, the address while
    // checking.
    let flood = "nonsense\n}\n".repeat(1000);
    let source = format!(
        "primary = 1.2.3.2\nvirtual v {{\n address = 1.2.3.2\n}}\nvirtual w {{\n port = 0\n}}\n{flood}"
    );
    let invalid = check(
        Path::new("x.cf"),
        source.into_bytes(),
        &FixedResolver::new(),
    )
    .unwrap_err();
    let first: Vec<(u32, Kind)> = invalid
        .diagnostics
        .iter()
        .take(4)
        .map(|d| (d.line, d.kind))
        .collect();
    assert_eq!(
        first,
        [
            (3, Kind::InvalidArgument),
            (5, Kind::MissingArguments),
            (6, Kind::InvalidArgument),
            (8, Kind::UnknownCommand),
        ]
    );
    assert_eq!(invalid.errors, 2003);
}
