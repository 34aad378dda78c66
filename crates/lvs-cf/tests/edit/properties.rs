//! What holds for every edit of every text.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use lvs_cf::{BlockPath, Document, EditError, Place};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The corpus and the example.
static REAL_FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> = fs::read_dir(root.join("tests/corpus"))
        .expect("the corpus is there")
        .map(|entry| entry.expect("the corpus is readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "cf"))
        .collect();
    paths.push(root.join("../../etc/lvs.cf.example"));
    paths.sort();
    let read = |path| fs::read(path).expect("the corpus is readable");
    paths.iter().map(read).collect()
});

/// Lines of every kind, and ends of every kind.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let lines = vec![
        "primary = 1.2.3.4",
        "primary=a # c",
        "  port\t=  80",
        "port = '80'   \"x\"",
        "port",
        "port =",
        "port = # c",
        "port = \"80",
        "port = \u{e9}",
        "virtual a {",
        "virtual server b {",
        "failover 'a' { # c",
        "  server a {",
        "server b{",
        "x {",
        "}",
        "  } # c",
        "}}",
        "# c",
        "",
        "  ",
        "\u{feff}port = 1",
    ];
    let end = select(vec!["\n", "\n", "\r\n", "\r"]);
    let lines = vec((select(lines), end), 0..30);
    (lines, any::<bool>(), any::<bool>()).prop_map(|(lines, bom, cut)| {
        let mut text = String::from(if bom { "\u{feff}" } else { "" });
        let last = lines.len();
        for (index, (line, end)) in lines.into_iter().enumerate() {
            text.push_str(line);
            if !cut || index + 1 < last {
                text.push_str(end);
            }
        }
        text.into_bytes()
    })
}

/// Real files, files in order made of pieces, and anything.
fn source() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => any::<Index>().prop_map(|which| which.get(&REAL_FILES).clone()),
        3 => text(),
        3 => balanced(),
        1 => vec(any::<u8>(), 0..200),
    ]
}

/// Texts whose blocks are in order.
fn balanced() -> impl Strategy<Value = Vec<u8>> {
    let statement = || {
        let lines = vec![
            "port = 80",
            "\tport=\"80\" # c",
            "port 80",
            "port = 'x",
            "# c",
            "",
            "active    = 1",
        ];
        vec(select(lines), 0..4)
    };
    let server = (select(vec!["a", "b", "'c'"]), statement())
        .prop_map(|(name, lines)| block(&format!("  server {name} {{"), &lines, &[]));
    let service = (
        select(vec![
            "virtual a",
            "virtual server b",
            "failover a",
            "virtual \"c d\"",
        ]),
        statement(),
        vec(server, 0..3),
    )
        .prop_map(|(title, lines, servers)| block(&format!("{title} {{"), &lines, &servers));
    let end = select(vec!["\n", "\r\n", "\r"]);
    let parts = (statement(), vec(service, 0..4), statement());
    (parts, end, any::<bool>()).prop_map(|((first, services, last), end, cut)| {
        let mut lines: Vec<String> = first.iter().map(ToString::to_string).collect();
        lines.extend(services.into_iter().flatten());
        lines.extend(last.iter().map(ToString::to_string));
        let text = lines.join(end);
        let ended = if cut || text.is_empty() {
            text
        } else {
            text + end
        };
        ended.into_bytes()
    })
}

fn block(opening: &str, lines: &[&str], blocks: &[Vec<String>]) -> Vec<String> {
    let mut all = vec![opening.to_owned()];
    all.extend(lines.iter().map(ToString::to_string));
    all.extend(blocks.iter().flatten().cloned());
    all.push("}".to_owned());
    all
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => select(vec!["80", "rs1", "rs2", "a b", "", "#", "it's", "\"", "'x\" y", "{", "}", "=", "a\n}", "\u{feff}"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => any::<String>(),
    ]
}

/// A line and how it ends.
#[derive(Debug, Clone)]
struct Line {
    text: Vec<u8>,
    end: &'static str,
}

impl Line {
    /// Whether an edit may leave this line as `other`: as it is, but for the end of the last line,
    /// and for an empty one behind a CR, whose LF would become part of the end before it.
    fn stays(&self, other: &Line) -> bool {
        let ends = (self.end, other.end);
        let parted = self.text.is_empty() && ends == ("\n", "\r\n");
        self.text == other.text && (ends.0 == ends.1 || self.is_open() || other.is_open() || parted)
    }

    /// Whether it is the last one, without an end.
    fn is_open(&self) -> bool {
        self.end.is_empty()
    }
}

fn lines(document: &Document) -> Vec<Line> {
    let text = document.to_bytes();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let end = match byte {
            b'\n' => "\n",
            b'\r' if bytes.next_if_eq(&b'\n').is_some() => "\r\n",
            b'\r' => "\r",
            _ => {
                line.push(byte);
                continue;
            }
        };
        let text = std::mem::take(&mut line);
        lines.push(Line { text, end });
    }
    if !line.is_empty() {
        lines.push(Line {
            text: line,
            end: "",
        });
    }
    lines
}

/// Whether the lines of `b` that are not in `a` end as the line above them does, and the last line
/// has an end if it had one. `first` lines are the same from the beginning, `last` from the end.
fn ends_follow(a: &[Line], b: &[Line], first: usize, last: usize) -> bool {
    let above = a[..first].iter().rev().take(2).find(|l| !l.is_open());
    let end = match above.or(a.first()) {
        Some(line) if !line.is_open() => line.end,
        _ => "\n",
    };
    let new = &b[first..b.len() - last];
    let is_open = |lines: &[Line]| lines.last().is_some_and(Line::is_open);
    let last_stays = a.is_empty() || is_open(a) == is_open(b);
    last_stays && new.iter().all(|line| line.end == end || line.is_open())
}

/// How many lines are the same from the beginning, and from the end.
fn same(a: &[Line], b: &[Line]) -> (usize, usize) {
    let from_start = a.iter().zip(b).take_while(|(a, b)| a.stays(b)).count();
    let rest = a.len().min(b.len()) - from_start;
    let both = a.iter().rev().zip(b.iter().rev());
    (
        from_start,
        both.take(rest).take_while(|(a, b)| a.stays(b)).count(),
    )
}

/// A place of the document: outside the blocks, or one of them.
fn place(document: &Document, which: Index) -> Place<'_> {
    let blocks = document.blocks();
    match which.index(blocks.len() + 1).checked_sub(1) {
        Some(index) => Place::In(blocks[index]),
        None => Place::Global,
    }
}

/// Whether a word can be written without quotes.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether these are the words, and this a document, that an edit may be refused for.
fn is_fair(error: &EditError, words: &[&str]) -> bool {
    match error {
        EditError::Structure { .. } => true,
        EditError::CannotWrite { .. } => !words.iter().all(|word| is_plain(word)),
        _ => false,
    }
}

proptest! {
    #[test]
    fn setting_changes_or_adds_one_line(
        source in source(),
        which in any::<Index>(),
        directive in select(vec!["port", "primary", "active", "address"]),
        values in vec(value(), 1..4),
    ) {
        let (before, _) = Document::parse(source);
        let mut document = before.clone();
        let place = place(&before, which);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let old = before.values(place, directive);
        if let Err(error) = document.set(place, directive, &values) {
            prop_assert!(is_fair(&error, &values), "{error}");
            prop_assert_eq!(document, before);
            return Ok(());
        }
        prop_assert_eq!(document.values(place, directive).unwrap().unwrap(), values.clone());
        let (a, b) = (lines(&before), lines(&document));
        let (first, last) = same(&a, &b);
        prop_assert!(first + last + 1 >= b.len(), "{a:?}\n{b:?}");
        prop_assert!(b.len() == a.len() || b.len() == a.len() + 1);
        if b.len() > a.len() {
            prop_assert!(ends_follow(&a, &b, first, last), "{a:?}\n{b:?}");
        } else if let (Some(a), Some(b)) = (a.get(first), b.get(first)) {
            prop_assert_eq!(a.end, b.end);
        }
        prop_assert_eq!(before.blocks(), document.blocks());
        let once = document.clone();
        document.set(place, directive, &values).unwrap();
        prop_assert_eq!(&document, &once, "the second time changes nothing");
        // Back again.
        match old.unwrap() {
            Some(old) if !old.is_empty() => {
                document.set(place, directive, &old).unwrap();
                prop_assert_eq!(document.values(place, directive).unwrap().unwrap(), old);
            }
            None if b.len() == a.len() + 1 => {
                prop_assert!(document.unset(place, directive).unwrap());
                prop_assert_eq!(document.to_bytes(), before.to_bytes());
            }
            _ => {}
        }
    }

    #[test]
    fn a_plain_value_is_put_back_byte_for_byte(source in source(), which in any::<Index>()) {
        let (before, _) = Document::parse(source);
        let mut document = before.clone();
        let place = place(&before, which);
        let Ok(Some(old)) = before.values(place, "port") else { return Ok(()) };
        if old.is_empty() || !old.iter().all(|word| is_plain(word)) {
            return Ok(());
        }
        let other: Vec<&str> = old.iter().map(|_| "other").collect();
        document.set(place, "port", &other).unwrap();
        document.set(place, "port", &old).unwrap();
        prop_assert_eq!(document.to_bytes(), before.to_bytes());
    }

    #[test]
    fn unsetting_takes_out_its_lines_only(source in source(), which in any::<Index>()) {
        let (before, _) = Document::parse(source);
        let mut document = before.clone();
        let place = place(&before, which);
        match document.unset(place, "port") {
            Err(error) => {
                prop_assert!(is_fair(&error, &[]), "{error}");
                prop_assert_eq!(&document, &before);
            }
            Ok(any) => {
                prop_assert_eq!(document.values(place, "port").unwrap(), None);
                prop_assert!(!document.unset(place, "port").unwrap());
                prop_assert_eq!(any, document != before);
                prop_assert_eq!(before.blocks(), document.blocks());
                // What is left is there in its order, and what is gone was about the port.
                let mut rest = lines(&document).into_iter().peekable();
                for line in lines(&before) {
                    if rest.next_if(|left| line.stays(left)).is_none() {
                        let about = line.text.windows(4).any(|w| w == b"port");
                        prop_assert!(about, "{line:?}");
                    }
                }
                prop_assert!(rest.next().is_none());
            }
        }
    }

    #[test]
    fn adding_and_removing_a_block_adds_and_removes_its_lines(
        source in source(),
        which in any::<Index>(),
        name in value(),
        kind in 0..3,
    ) {
        let (before, _) = Document::parse(source);
        let mut document = before.clone();
        let blocks = before.blocks();
        let block = match kind {
            0 => BlockPath::virtual_server(&name),
            1 => BlockPath::failover(&name),
            _ if blocks.is_empty() => return Ok(()),
            _ => which.get(&blocks).server(&name),
        };
        if let Err(error) = document.add_block(block) {
            let exists = matches!(error, EditError::BlockExists { .. });
            prop_assert!(exists || is_fair(&error, &[&name]), "{error}");
            prop_assert_eq!(document, before);
            return Ok(());
        }
        prop_assert!(document.blocks().contains(&block));
        let (a, b) = (lines(&before), lines(&document));
        let (first, last) = same(&a, &b);
        prop_assert_eq!(first + last, a.len());
        prop_assert!(b.len() - a.len() <= 3);
        prop_assert!(ends_follow(&a, &b, first, last), "{a:?}\n{b:?}");
        document.set(block, "port", &["80"]).unwrap();
        document.remove_block(block).unwrap();
        let c = lines(&document);
        let (first, last) = same(&a, &c);
        prop_assert_eq!(first + last, a.len().min(c.len()), "{:?}\n{:?}", a, c);
        prop_assert!(c.len().abs_diff(a.len()) <= 1, "but for a blank line");
        prop_assert_eq!(document.blocks(), before.blocks());
    }

    #[test]
    fn removing_a_block_leaves_the_others(source in source(), which in any::<Index>()) {
        let (before, _) = Document::parse(source);
        let mut document = before.clone();
        let blocks = before.blocks();
        if blocks.is_empty() {
            return Ok(());
        }
        let block = *which.get(&blocks);
        if let Err(error) = document.remove_block(block) {
            prop_assert!(is_fair(&error, &[]), "{error}");
            prop_assert_eq!(document, before);
            return Ok(());
        }
        let is_left = |b: &&BlockPath<'_>| **b != block && b.service() != Some(block);
        // One of a name less: the others may have other numbers now.
        let names = |b: &BlockPath<'_>| (b.keyword(), b.name().to_owned());
        let left: Vec<_> = blocks.iter().filter(is_left).map(names).collect();
        prop_assert_eq!(document.blocks().iter().map(names).collect::<Vec<_>>(), left);
        let (a, b) = (lines(&before), lines(&document));
        let (first, last) = same(&a, &b);
        prop_assert_eq!(first + last, b.len());
    }
}
