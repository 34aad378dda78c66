//! Edits that are refused leave the document as it is.

use lvs_cf::{BlockPath, Document, EditError, Place};

const A: BlockPath<'static> = BlockPath::virtual_server("a");

#[track_caller]
fn refused<T: std::fmt::Debug>(
    source: &str,
    edit: impl FnOnce(&mut Document) -> Result<T, EditError>,
) -> String {
    let (mut document, _) = Document::parse(source.as_bytes().to_vec());
    let before = document.clone();
    let error = edit(&mut document).expect_err("the edit is refused");
    assert_eq!(document, before);
    error.to_string()
}

#[test]
fn blocks_that_cannot_be_told_apart() {
    for (source, line) in [
        ("virtual a {\nport = 80\n", 1),
        ("virtual a {\nserver b {\n}\n", 1),
        ("virtual a {\nserver b {\nport = 80\n}\nvirtual c {\n}\n", 5),
        ("primary = a\n}\n", 2),
        ("virtual a\n{\n}\n", 1),
        ("virtual a { }\n", 1),
        ("virtual 'a {\n}\n", 1),
        ("primary = a\n\0\n", 2),
    ] {
        let expected =
            format!("line {line}: cannot match blocks and braces: correct the file first");
        for said in [
            refused(source, |d| d.set(Place::Global, "primary", &["b"])),
            refused(source, |d| d.unset(Place::Global, "primary")),
            refused(source, |d| d.add_block(BlockPath::failover("x"))),
            refused(source, |d| d.remove_block(A)),
            refused(source, |d| d.values(A, "port").map(|_| ())),
        ] {
            assert_eq!(said, expected, "{source:?}");
        }
    }
}

#[test]
fn a_text_that_was_cut_is_not_edited() {
    let long = vec![b'#'; Document::MAX_BYTES + 1];
    let (mut document, _) = Document::parse(long);
    let error = document.set(Place::Global, "primary", &["b"]).unwrap_err();
    assert_eq!(error, EditError::Structure { line: 1 });
    let full = vec![b'#'; Document::MAX_BYTES];
    let (mut document, _) = Document::parse(full);
    let error = document.set(Place::Global, "primary", &["b"]).unwrap_err();
    assert_eq!(error, EditError::TooLong);
}

#[test]
fn a_word_that_would_end_its_list_and_cannot_be_quoted() {
    let said = refused("", |d| d.set(Place::Global, "dirs", &["[", "a'\"]", "]"]));
    assert_eq!(said, r#"cannot write "a'\"]" in lvs.cf"#);
}

#[test]
fn blocks_that_are_not_there_or_there_twice() {
    let source = "virtual a {\nserver b {\n}\n}\nvirtual c {\n}\nvirtual server c {\n}\n";
    let c = BlockPath::virtual_server("c");
    let missing = |block: &str| format!("no block `{block}`");
    let set = |block| refused(source, |d| d.set(block, "port", &["80"]));
    assert_eq!(set(A.server("x")), missing("virtual a/server x"));
    assert_eq!(set(BlockPath::failover("a")), missing("failover a"));
    assert_eq!(
        set(BlockPath::virtual_server("x").server("b")),
        missing("virtual x")
    );
    assert_eq!(set(c), "more than one block `virtual c`");
    for nth in [0, 3] {
        assert_eq!(set(c.nth(nth)), missing(&format!("virtual c ({nth})")));
    }
    assert_eq!(
        refused(source, |d| d.remove_block(c)),
        "more than one block `virtual c`"
    );
    let exists = |block| refused(source, |d| d.add_block(block));
    assert_eq!(exists(A), "block `virtual a` already exists");
    assert_eq!(exists(c), "block `virtual c` already exists");
    assert_eq!(exists(c.nth(3)), "block `virtual c` already exists");
    assert_eq!(
        exists(A.server("b")),
        "block `virtual a/server b` already exists"
    );
}

#[test]
fn words_that_cannot_be_written() {
    let set = |name: &str, values: &[&str]| {
        refused("virtual a {\n}\n", |d| d.set(Place::Global, name, values))
    };
    for value in ["a\nb = c", "a\r", "\0", "it's \"x\"", "'\""] {
        let said = set("primary", &["x", value]);
        assert_eq!(said, format!("cannot write {value:?} in lvs.cf"));
    }
    for name in ["", "a b", "}", "a=", "#", "é", "a\n}"] {
        let said = set(name, &["x"]);
        assert_eq!(said, format!("cannot write {name:?} in lvs.cf"));
    }
    assert_eq!(set("primary", &[]), "no value for `primary`");
    for name in ["", "a\n", "a\tb", "' \""] {
        let said = refused("", |d| d.add_block(BlockPath::failover(name)));
        assert_eq!(said, format!("cannot write {name:?} in lvs.cf"));
    }
}
