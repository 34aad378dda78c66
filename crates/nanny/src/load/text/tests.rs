//! Outputs of real programs in real locales, similar ones, and arbitrary bytes.

use super::*;
use proptest::prelude::*;

fn average(output: &str) -> Option<f64> {
    load(output.as_bytes()).map(Load::average)
}

#[test]
fn parses_output_of_real_programs() {
    for (output, expected) in [
        // procps-ng 4.0.2, then with a decimal comma of its locale, then with a long uptime on one
        // processor.
        (
            " 12:47:32 up 31 min,  0 user,  load average: 5.57, 3.68, 2.40\n",
            5.57,
        ),
        (
            " 12:47:32 up 31 min,  0 users,  load average: 0,08, 0,03, 0,01\n",
            0.08,
        ),
        (
            " 09:03:11 up 1043 days, 4:05, 12 users,  load average: 12.00, 11.98, 11.95\n",
            12.0,
        ),
        // busybox 1.35
        (
            " 12:47:07 up 30 min,  0 users,  load average: 6.12, 3.59, 2.33\n",
            6.12,
        ),
        // BSD
        (
            "12:04PM  up 3 days, 22 mins, 2 users, load averages: 0.31 0.26 0.23\n",
            0.31,
        ),
        (
            "12:04  up 3 days, 22 mins, 2 users, load averages: 1,31 0,26 0,23\n",
            1.31,
        ),
        // Solaris
        (
            "  3:07pm  up 215 day(s),  1:07,  4 users,  load average: 0.02, 0.02, 0.02\n",
            0.02,
        ),
        // ruptime of netkit 0.17
        (
            "rs1           up       0:31,     0 users,  load 6.05, 3.54, 2.31\n",
            6.05,
        ),
        (
            "rs1           up    3+04:31,     2 users,  load 0.08, 0.03, 0.01\n",
            0.08,
        ),
        // rup of Debian's rstat-client 4.0.1, then of another implementation.
        (
            "10.1.1.2              12:47 up           32 mins,    0 user, load 5.57 3.68 2.40\n",
            5.57,
        ),
        (
            "rs1    up  11 days,  2:32,    load average: 0.25, 0.20, 0.18\r\n",
            0.25,
        ),
    ] {
        assert_eq!(average(output), Some(expected), "{output}");
    }
}

#[test]
fn parses_forms_of_word_and_number() {
    for (output, expected) in [
        ("load 0.08", 0.08),
        ("load:0.08", 0.08),
        ("load: 0.08", 0.08),
        ("load\t\t 0.08", 0.08),
        ("Load Average:  3", 3.0),
        ("loadavg: 0.5", 0.5),
        ("loadavg 0.5 0.4 0.3 1/155 67", 0.5),
        ("cpu_load: 2", 2.0),
        ("load 0,08, 0,03", 0.08),
        ("load 0,08,0,03,0,01", 0.08),
        ("load 0.08,0.03", 0.08),
        ("load 1, 2, 3", 1.0),
        ("load 1,", 1.0),
        ("load 1.", 1.0),
        ("load .08", 0.08),
        ("load ,5", 0.5),
        ("load (0.5)", 0.5),
        ("load=x 7;", 7.0),
        ("load 007.250", 7.25),
        ("load 0.5/4 cores", 0.5),
    ] {
        assert_eq!(average(output), Some(expected), "{output}");
    }
}

#[test]
fn ignores_load_in_host_name_or_banner() {
    for (output, expected) in [
        ("load1   up 1+03:21, 3 users, load 0.02, 0.03, 0.04", 0.02),
        ("load    up 1+03:21, 3 users, load 0.02, 0.03, 0.04", 0.02),
        ("load1 12:47 up 32 mins, 3 user, load 5.57 3.68 2.40", 5.57),
        ("upload 7: 12:47 up 32 mins, load average: 0.5", 0.5),
        (
            "No heavy load 9 to 5, please\n 12:00 up 1 min, load average: 0.5, 0, 0",
            0.5,
        ),
        ("downloads: 12, load: 3", 3.0),
        ("load 0.5 (highest load 9)", 0.5),
    ] {
        assert_eq!(average(output), Some(expected), "{output}");
    }
}

#[test]
fn output_without_load_yields_none() {
    for output in [
        "",
        "load",
        "load ",
        "load:",
        "load average:",
        "load average: ",
        "0.08 0.03",
        "load0.08",
        "load\n0.08",
        "load average: nan",
        "load average: inf",
        "load average: -0.5",
        "load average: 1e5",
        "load average: 0x10",
        "load average: 1.2.3",
        "load 50%",
        "rs1  down 3+04:31",
        "ssh: connect to host 10.1.1.2 port 22: Connection refused",
        "sh: 1: uptime: not found",
    ] {
        assert_eq!(average(output), None, "{output}");
    }
}

#[test]
fn huge_numbers_are_invalid_or_large() {
    let digits = "9".repeat(65_000);
    assert_eq!(average(&format!("load {digits}")), None, "infinite");
    assert_eq!(average(&"load ".repeat(13_000)), None);
    let small = average(&format!("load 0.{digits}")).expect("a number");
    assert!((small - 1.0).abs() < 1e-9);
    assert_eq!(average(&format!("load {}", "9".repeat(300))), Some(1e300));
}

#[test]
fn selects_line_of_queried_host() {
    let all = b"rs1   up 0:31, 0 users, load 6.05, 3.54, 2.31\n\
                rs2   up 0:31, 0 users, load 0.02, 0.54, 0.31\n\
                rs3   down 0:31\n";
    let average = |name, output: &[u8]| load_of(name, output).map(Load::average);
    assert_eq!(average("rs1", all), Some(6.05));
    assert_eq!(average("RS2", all), Some(0.02));
    assert_eq!(average("rs3", all), None);
    assert_eq!(average("10.1.1.2", all), None);
    let one = b"\nrs1   up 0:31, 0 users, load 6.05, 3.54, 2.31\nrs3   down 0:31\n";
    assert_eq!(average("10.1.1.2", one), Some(6.05));
    assert_eq!(average("rs1", b""), None);
}

/// Texts of the pieces of real outputs.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"load"[..],
        b"LOAD",
        b"average",
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b":",
        b",",
        b".",
        b"-",
        b"+",
        b"0",
        b"17",
        b"9999999999",
        b"e",
        b"x",
        b"%",
        b"\xff",
        b"\xc3",
        "\u{a0}".as_bytes(),
        b"\0",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn parses_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), name in ".{0,9}") {
        let _ = (load(&bytes), load_of(&name, &bytes));
    }

    #[test]
    fn parses_any_pieces(bytes in pieces()) {
        if let Some(load) = load(&bytes) {
            prop_assert!(load.average() >= 0.0 && load.average().is_finite());
            prop_assert!(bytes.to_ascii_lowercase().windows(4).any(|word| word == b"load"));
        }
        let _ = load_of("load", &bytes);
    }

    #[test]
    fn finds_load_after_unrelated_text(
        garbage in prop::collection::vec(any::<u8>(), 0..100),
        hundredths in 0u32..100_000,
        comma in any::<bool>(),
        form in prop::sample::select(vec!["load average: ", "load ", "load: ", "load averages: "]),
    ) {
        prop_assume!(!garbage.to_ascii_lowercase().windows(4).any(|word| word == b"load"));
        let mark = if comma { ',' } else { '.' };
        let (whole, part) = (hundredths / 100, hundredths % 100);
        let text = format!(" {form}{whole}{mark}{part:02}, 0{mark}03, 0{mark}01\n");
        let bytes = [&garbage[..], text.as_bytes(), &garbage[..]].concat();
        let found = load(&bytes).expect("a load").average();
        prop_assert!((found - f64::from(hundredths) / 100.0).abs() < 1e-9);
    }
}
