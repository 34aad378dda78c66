//! Records as rwhod writes them, and spools with arbitrary files.

use super::*;
use proptest::prelude::*;

/// A record that rwhod of netkit 0.17 wrote on x86-64 for the host rs1, with load 6.05. The end of
/// the name is uninitialized memory.
#[cfg(target_endian = "little")]
#[rustfmt::skip]
const REAL: [u8; 60] = [
    0x01, 0x01, 0x00, 0x00, 0xc7, 0x92, 0x01, 0x6b, 0xc7, 0x92, 0x01, 0x6b, 0x72, 0x73, 0x31, 0x00,
    0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xd0, 0x9a, 0x2e, 0x00, 0x5d, 0x02, 0x00, 0x00,
    0x62, 0x01, 0x00, 0x00, 0xe7, 0x00, 0x00, 0x00, 0x9c, 0x8b, 0x01, 0x6b,
];

/// Its time of receipt.
const RECEIVED: u32 = 0x6b01_92c7;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A record with this load in hundredths.
fn record(received: u32, hundredths: i32) -> Vec<u8> {
    let mut record = vec![0; HEADER];
    record[..2].copy_from_slice(&[1, 1]);
    record[8..12].copy_from_slice(&received.to_ne_bytes());
    record[44..48].copy_from_slice(&hundredths.to_ne_bytes());
    record
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[cfg(target_endian = "little")]
#[test]
fn decodes_record_of_real_daemon() {
    let record = Record::decode(&REAL).expect("a record");
    assert_eq!(record.received, RECEIVED);
    assert_eq!(record.hundredths, 605);
    let load = record.load(seconds(RECEIVED.into())).expect("fresh");
    assert!((load.average() - 6.05).abs() < 1e-9);
    // The logged-in users follow.
    let longer = [&REAL[..], &[0xff; 500]].concat();
    assert_eq!(Record::decode(&longer), Some(record));
}

#[test]
fn record_expires_after_eleven_minutes() {
    let record = Record {
        received: RECEIVED,
        hundredths: 8,
    };
    let received = u64::from(RECEIVED);
    for (now, is_fresh) in [
        (received, true),
        (received + 660, true),
        (received + 661, false),
        (received - 660, true),
        (received - 661, false),
        (received + (1 << 31), false),
        (0, false),
    ] {
        assert_eq!(record.load(seconds(now)).is_some(), is_fresh, "{now}");
    }
    let last = Record {
        received: u32::MAX,
        ..record
    };
    assert!(last.load(seconds((1 << 32) + 600)).is_some(), "in 2106");
}

#[test]
fn negative_load_is_invalid() {
    let record = Record {
        received: 0,
        hundredths: -1,
    };
    assert_eq!(record.load(Duration::ZERO), None);
}

#[test]
fn rejects_other_versions_types_and_lengths() {
    for (at, byte) in [(0, 0), (0, 2), (1, 0), (1, 2)] {
        let mut record = record(0, 0);
        record[at] = byte;
        assert_eq!(Record::decode(&record), None);
    }
    assert_eq!(Record::decode(&record(0, 0)[..HEADER - 1]), None);
    assert_eq!(Record::decode(&[]), None);
}

#[test]
fn finds_host_by_name_or_first_label() {
    let spool = tempfile::tempdir().expect("a directory");
    for (host, hundredths) in [
        ("rs1", 10),
        ("RS2", 20),
        ("rs3.example.com", 30),
        ("10", 40),
    ] {
        let path = spool.path().join(format!("whod.{host}"));
        std::fs::write(path, record(1000, hundredths)).expect("written");
    }
    std::fs::write(spool.path().join("rs4"), record(1000, 50)).expect("written");
    let find = |hosts: &[&str]| match find(spool.path(), &names(hosts), seconds(1000)) {
        Ok(Found::Load(load)) => Some((load.average() * 100.0).round()),
        Ok(Found::Nothing) => None,
        other => panic!("{other:?}"),
    };
    assert_eq!(find(&["rs1"]), Some(10.0));
    assert_eq!(find(&["rs1.example.com"]), Some(10.0));
    assert_eq!(find(&["Rs1.Example.Com"]), Some(10.0));
    assert_eq!(find(&["www.example.com", "rs2"]), Some(20.0));
    assert_eq!(find(&["rs3.example.com"]), Some(30.0));
    assert_eq!(find(&["rs3"]), None);
    assert_eq!(find(&["rs4"]), None);
    assert_eq!(find(&["10.1.1.2"]), None, "an address has no labels");
    assert_eq!(find(&["rs"]), None);
    assert_eq!(find(&[""]), None);
    assert_eq!(find(&[]), None);
}

#[test]
fn unusable_files_do_not_block() {
    let spool = tempfile::tempdir().expect("a directory");
    let path = |host: &str| spool.path().join(format!("whod.{host}"));
    std::fs::write(path("old"), record(1000, 10)).expect("written");
    std::fs::write(path("short"), b"\x01\x01").expect("written");
    std::fs::write(path("other"), [0; 100]).expect("written");
    std::fs::create_dir(path("dir")).expect("made");
    nix::unistd::mkfifo(&path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("made");
    std::fs::write(path("target"), record(2000, 10)).expect("written");
    std::os::unix::fs::symlink("whod.target", path("link")).expect("made");
    std::os::unix::fs::symlink("/dev/zero", path("zero")).expect("made");
    for host in ["old", "short", "other", "dir", "fifo", "link", "zero"] {
        let found = find(spool.path(), &names(&[host]), seconds(2000));
        assert_eq!(found.expect("a spool"), Found::Unusable, "{host}");
    }
    // A usable record under another name of the host counts.
    let both = names(&["old", "target"]);
    let found = find(spool.path(), &both, seconds(2000)).expect("a spool");
    assert!(matches!(found, Found::Load(_)), "{found:?}");
}

#[test]
fn missing_spool_differs_from_empty_spool() {
    let spool = tempfile::tempdir().expect("a directory");
    let hosts = names(&["rs1"]);
    let found = find(spool.path(), &hosts, seconds(0)).expect("a spool");
    assert_eq!(found, Found::Nothing);
    let error = find(&spool.path().join("none"), &hosts, seconds(0)).expect_err("none");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

proptest! {
    #[test]
    fn parses_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100), now: u32) {
        let record = Record::decode(&bytes);
        prop_assert!(record.is_none() || bytes.len() >= HEADER);
        let _ = record.and_then(|record| record.load(seconds(now.into())));
    }

    #[test]
    fn decodes_any_written_record(
        received: u32, hundredths in 0i32.., age in 0u64..=660,
        mut rest in prop::collection::vec(any::<u8>(), HEADER..1100),
    ) {
        let known = record(received, hundredths);
        for field in [0..2, 8..12, 44..48] {
            rest[field.clone()].copy_from_slice(&known[field]);
        }
        let record = Record::decode(&rest).expect("a record");
        prop_assert_eq!(record, Record { received, hundredths });
        let load = record.load(seconds(u64::from(received) + age)).expect("fresh");
        prop_assert!((load.average() - f64::from(hundredths) / 100.0).abs() < 1e-9);
    }
}
