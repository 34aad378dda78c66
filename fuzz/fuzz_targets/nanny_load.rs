//! Any bytes, taken for what tells a real server's load: a command's output, the names of a host, a
//! record of rwhod, a reply over RPC. Nothing may panic, and what is read is a load.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use nanny::load::{Load, names, rpc, rstat, rwho, text};

fuzz_target!(|bytes: &[u8]| {
    if let Some(load) = text::load(bytes) {
        is_load(load);
        let lower = bytes.to_ascii_lowercase();
        assert!(lower.windows(4).any(|word| word == b"load"));
        // It is on a line, and that line alone is enough.
        let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
        assert!(lines.any(|line| text::load(line) == Some(load)));
    }
    if let Some(load) = text::load_of("rs1", bytes) {
        is_load(load);
    }
    for name in names::read(bytes) {
        assert!(!name.is_empty() && !name.contains(char::is_whitespace));
    }
    if let Some(record) = rwho::Record::decode(bytes) {
        let load = record.load(Duration::from_secs(record.received.into()));
        assert_eq!(load.is_some(), record.hundredths >= 0);
        load.into_iter().for_each(is_load);
    }
    if let Some(xid) = bytes.first_chunk() {
        let xid = u32::from_be_bytes(*xid);
        assert!(rpc::reply(bytes, !xid).is_none(), "another's reply");
        if let Some(Ok(results)) = rpc::reply(bytes, xid) {
            rstat::load(results).into_iter().for_each(is_load);
            let _ = rstat::port(results);
        }
    }
});

fn is_load(load: Load) {
    assert_eq!(Load::new(load.average()), Some(load));
}
