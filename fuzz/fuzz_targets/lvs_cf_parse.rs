//! Any bytes, taken for an lvs.cf and, behind the last NUL, for edits of it: the text must be kept
//! byte for byte, nothing may panic or take long, what is shown must mean the same, and an edit must
//! do what it says or nothing.
#![no_main]

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use lvs_cf::{
    BlockPath, Document, EditError, FixedResolver, LoadError, Place, Protocol, Resolve, Unresolved,
    fuzz,
};
use nix::time::{ClockId, clock_gettime};

/// A mebibyte may take a second; libFuzzer's inputs have a few KiB.
const LIMIT: Duration = Duration::from_secs(1);

/// How many edits are made of one input.
const EDITS: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let start = processor_time();
    let nul = bytes.iter().rposition(|b| *b == 0);
    let (source, edits) = match nul {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[][..]),
    };
    load(source);
    show(source);
    let (mut document, diagnostics) = Document::parse(source.to_vec());
    assert_eq!(document.to_bytes(), source);
    for diagnostic in diagnostics {
        let line = diagnostic.line as usize;
        assert!((1..=document.line_count().max(1)).contains(&line));
    }
    let mut edits = Unstructured::new(edits);
    for _ in 0..EDITS {
        if edits.is_empty() || edit(&mut document, &mut edits).is_err() {
            break;
        }
    }
    let (again, _) = Document::parse(document.to_bytes());
    assert_eq!(again, document);
    let took = processor_time() - start;
    assert!(took < LIMIT, "it took {took:?}");
});

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    now.expect("a thread has a clock").into()
}

/// Loads it as a daemon does, and words what there is to say.
fn load(source: &[u8]) {
    let resolver = FixedResolver::new().with_host("rs1", [10, 0, 0, 1].into());
    match lvs_cf::parse(Path::new("lvs.cf"), source.to_vec(), &resolver) {
        Ok(loaded) => {
            let _ = loaded.report("fuzz");
            assert!(loaded.config.deadtime.value > loaded.config.keepalive.value);
            assert_eq!(loaded.document.to_bytes(), source);
        }
        Err(invalid) => {
            assert!(invalid.errors > 0);
            assert_eq!(invalid.document.to_bytes(), source);
            let _ = LoadError::from(invalid).report("fuzz");
        }
    }
}

/// Any host, and the services that need no file to be read for each input.
struct Names(Unresolved);

impl Resolve for Names {
    fn host(&self, name: &str) -> Option<IpAddr> {
        self.0.host(name)
    }

    fn service(&self, name: &str, protocol: Protocol) -> Option<u16> {
        FixedResolver::new().service(name, protocol)
    }
}

/// What `lvs-cf show` prints of it means the same.
fn show(source: &[u8]) {
    let resolver = Names(Unresolved::new());
    let load = |source: &[u8]| lvs_cf::parse(Path::new("lvs.cf"), source.to_vec(), &resolver);
    let Ok(loaded) = load(source) else { return };
    let [text, json] = fuzz::show(&loaded);
    assert!(json.starts_with('{') && json.ends_with("}\n"));
    let again = load(text.as_bytes()).unwrap_or_else(|invalid| panic!("{invalid}\n{text}"));
    assert_eq!(again.config, loaded.config, "{text}");
    assert_eq!(fuzz::diff(&loaded, &again), "");
}

/// One edit. An error: there are no bytes left to say which.
fn edit(document: &mut Document, bytes: &mut Unstructured<'_>) -> Result<()> {
    let before = document.clone();
    let blocks = before.blocks();
    let name: &str = bytes.arbitrary()?;
    let block = match bytes.choose_index(blocks.len() + 2)? {
        0 => BlockPath::virtual_server(name),
        1 => BlockPath::failover(name),
        old => blocks[old - 2],
    };
    let place = match bytes.ratio(1, 3)? {
        true => Place::Global,
        false => Place::In(block),
    };
    let directive = *bytes.choose(&["primary", "port", "address", "active", "send", name])?;
    let done: std::result::Result<(), EditError> = match bytes.int_in_range(0..=4)? {
        0 => {
            let values: Vec<&str> = bytes.arbitrary()?;
            let done = document.set(place, directive, &values);
            if done.is_ok() {
                let read = document
                    .values(place, directive)
                    .expect("the place is there");
                assert_eq!(read, Some(values));
            }
            done
        }
        1 => document.unset(place, directive).map(|any| {
            assert_eq!(any, *document != before);
            let read = document
                .values(place, directive)
                .expect("the place is there");
            assert_eq!(read, None);
        }),
        2 => added(document, block),
        3 => added(document, block.server(name)),
        _ => document.remove_block(block).map(|()| {
            let gone = |b: &&BlockPath<'_>| **b == block || b.service() == Some(block);
            let all = blocks.iter().filter(gone).count();
            assert_eq!(document.blocks().len() + all, blocks.len());
        }),
    };
    if done.is_err() {
        assert_eq!(&before, &*document);
    }
    Ok(())
}

fn added(document: &mut Document, block: BlockPath<'_>) -> std::result::Result<(), EditError> {
    document.add_block(block)?;
    assert!(document.blocks().contains(&block));
    // It is there once, so it can be edited.
    document
        .values(block, "port")
        .map(|none| assert_eq!(none, None))
}
