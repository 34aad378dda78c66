//! Edits of small files, byte for byte.

use lvs_cf::{BlockPath, Document, EditError, Place};

const VS1: BlockPath<'static> = BlockPath::virtual_server("vs1");

/// What `edit` makes of `source`.
#[track_caller]
fn edited(source: &str, edit: impl FnOnce(&mut Document) -> Result<(), EditError>) -> String {
    let (mut document, _) = Document::parse(source.as_bytes().to_vec());
    edit(&mut document).expect("the edit is taken");
    String::from_utf8(document.to_bytes()).expect("text stays text")
}

#[track_caller]
fn set(source: &str, place: impl Into<Place<'static>>, name: &str, values: &[&str]) -> String {
    edited(source, |d| d.set(place, name, values))
}

#[track_caller]
fn unset(source: &str, place: impl Into<Place<'static>>, name: &str) -> String {
    edited(source, |d| {
        assert!(d.unset(place, name)?);
        Ok(())
    })
}

#[test]
fn only_the_value_changes() {
    for (line, values, after) in [
        ("primary = 1.2.3.4", &["1.2.3.5"][..], "primary = 1.2.3.5"),
        ("primary=1.2.3.4", &["a"], "primary=a"),
        (
            " \tprimary\t=  1.2.3.4  # lvs1",
            &["a"],
            " \tprimary\t=  a  # lvs1",
        ),
        ("primary = 'a b'", &["c"], "primary = 'c'"),
        ("primary = \"a\"", &["b\"c"], "primary = 'b\"c'"),
        ("primary = a", &["b c"], "primary = \"b c\""),
        ("primary = a   b  # c", &["a", "x"], "primary = a   x  # c"),
        ("primary = a   b  # c", &["a"], "primary = a  # c"),
        ("primary = a # c", &["a", "b", "c"], "primary = a b c # c"),
        ("primary = a", &["a"], "primary = a"),
        ("primary =", &["a"], "primary = a"),
        ("primary =   ", &["a"], "primary = a"),
        ("primary = # why", &["a"], "primary = a # why"),
        ("primary 1.2.3.4 # why", &["a"], "primary = a # why"),
        ("primary # why", &["a"], "primary = a # why"),
        ("primary = \"a", &["a"], "primary = a"),
        ("primary = {", &["}"], "primary = }"),
    ] {
        assert_eq!(set(line, Place::Global, "primary", values), after, "{line}");
    }
}

#[test]
fn the_last_of_several_counts_and_all_of_them_go() {
    let twice = "port = 1\nkeepalive = 2\nport = 3 # c\nport 4\n";
    assert_eq!(
        set(twice, Place::Global, "port", &["5"]),
        "port = 1\nkeepalive = 2\nport = 3 # c\nport = 5\n"
    );
    assert_eq!(unset(twice, Place::Global, "port"), "keepalive = 2\n");
}

#[test]
fn a_new_directive_stands_behind_its_neighbours_and_looks_like_them() {
    let file = "# top\nprimary=1.2.3.4\r\n\r\nvirtual vs1 {\r\n\tport   = 80\r\n\r\n\
                \tserver rs1 {\r\n\t}\r\n}\r\n";
    assert_eq!(
        set(file, Place::Global, "backup", &["1.2.3.5"]),
        file.replace("1.2.3.4\r\n", "1.2.3.4\r\nbackup=1.2.3.5\r\n")
    );
    assert_eq!(
        set(file, VS1, "active", &["1"]),
        file.replace("80\r\n", "80\r\n\tactive = 1\r\n")
    );
    assert_eq!(
        set(file, VS1, "protocol", &["tcp"]),
        file.replace("80\r\n", "80\r\n\tprotocol = tcp\r\n")
    );
    assert_eq!(
        set(file, VS1.server("rs1"), "address", &["1.2.3.6"]),
        file.replace("rs1 {\r\n", "rs1 {\r\n\t\taddress=1.2.3.6\r\n")
    );
}

#[test]
fn line_ends_are_the_files() {
    for end in ["\n", "\r\n", "\r"] {
        let file = format!("# c{end}primary = a{end}");
        let added = format!("# c{end}primary = a{end}backup = b{end}");
        assert_eq!(set(&file, Place::Global, "backup", &["b"]), added);
        assert_eq!(unset(&added, Place::Global, "backup"), file);
        // A last line without one stays without.
        let file = file.trim_end();
        let added = added.trim_end();
        assert_eq!(set(file, Place::Global, "backup", &["b"]), added);
        let back = unset(added, Place::Global, "backup");
        assert_eq!(back, file);
        assert_eq!(unset(&back, Place::Global, "primary"), "# c");
    }
    // Two line ends of which one is empty do not become one.
    assert_eq!(
        unset("a = 1\rb = 2\n\nc = 3\n", Place::Global, "b"),
        "a = 1\r\r\nc = 3\n"
    );
}

#[test]
fn a_byte_order_mark_stays_first() {
    assert_eq!(
        set(
            "\u{feff}# c\nvirtual v {\n}\n",
            Place::Global,
            "backup",
            &["b"]
        ),
        "\u{feff}backup = b\n# c\nvirtual v {\n}\n"
    );
    assert_eq!(
        unset("\u{feff}a = 1\nb = 2\n", Place::Global, "a"),
        "\u{feff}b = 2\n"
    );
    assert_eq!(
        set("\u{feff}", Place::Global, "a", &["1"]),
        "\u{feff}a = 1\n"
    );
    let stray = unset("a = 1\n\u{feff}b = 2\n", Place::Global, "a");
    assert_eq!(
        stray, "\u{feff}\u{feff}b = 2\n",
        "the second mark is still in the text"
    );
}

#[test]
fn the_first_directive_of_a_file() {
    assert_eq!(set("", Place::Global, "a", &["1"]), "a = 1\n");
    assert_eq!(set("# c", Place::Global, "a", &["1"]), "# c\na = 1");
    assert_eq!(
        set(
            "# file\n\n# vs1\nvirtual vs1 {\n}\n",
            Place::Global,
            "a",
            &["1"]
        ),
        "# file\n\na = 1\n# vs1\nvirtual vs1 {\n}\n"
    );
    assert_eq!(
        set("virtual vs1 {\n}\nb = 1\n", Place::Global, "a", &["1"]),
        "virtual vs1 {\n}\nb = 1\na = 1\n"
    );
}

#[test]
fn a_server_looks_like_its_neighbours() {
    let file = "virtual server vs1 {\n  address = 1.2.3.4\n\n  server  'rs1' {\n    active = 1\n  }\n\n\
                  # the other\n  server  'rs2'  {\n    active = 1\n  }\n  port = 80\n}\n";
    assert_eq!(
        edited(file, |d| d.add_block(VS1.server("rs3"))),
        file.replace("  port", "\n  server  'rs3'  {\n  }\n  port")
    );
    let empty = "virtual server vs1 {\n}\n";
    let added = edited(empty, |d| {
        d.add_block(VS1.server("rs1"))?;
        d.set(VS1.server("rs1"), "address", &["1.2.3.4"])
    });
    assert_eq!(
        added,
        "virtual server vs1 {\n    server rs1 {\n        address = 1.2.3.4\n    }\n}\n"
    );
}

#[test]
fn a_service_looks_like_the_others() {
    let add = |file: &str| edited(file, |d| d.add_block(BlockPath::virtual_server("web 2")));
    assert_eq!(add(""), "virtual \"web 2\" {\n}\n");
    assert_eq!(
        add("primary = a\n"),
        "primary = a\n\nvirtual \"web 2\" {\n}\n"
    );
    assert_eq!(
        add("virtual server a {\n}\nvirtual server b {\n} # end\nport = 1\n"),
        "virtual server a {\n}\nvirtual server b {\n} # end\nvirtual server \"web 2\" {\n}\nport = 1\n"
    );
    assert_eq!(
        add("virtual a {\n}\n\n# b\nvirtual b {\n}"),
        "virtual a {\n}\n\n# b\nvirtual b {\n}\n\nvirtual \"web 2\" {\n}"
    );
    assert_eq!(
        add("failover a{\n}\n"),
        "failover a{\n}\nvirtual \"web 2\" {\n}\n"
    );
    assert_eq!(
        add("virtual a{\n}\n"),
        "virtual a{\n}\nvirtual \"web 2\" {\n}\n"
    );
    assert_eq!(
        edited("virtual a {\n}\n", |d| d
            .add_block(BlockPath::failover("a"))),
        "virtual a {\n}\nfailover a {\n}\n"
    );
}

#[test]
fn a_removed_block_takes_one_blank_line_along() {
    let remove = |file: &str| edited(file, |d| d.remove_block(VS1));
    assert_eq!(remove("a = 1\n\nvirtual vs1 {\n}\n"), "a = 1\n");
    assert_eq!(remove("a = 1\n\nvirtual vs1 {\n}"), "a = 1");
    assert_eq!(
        remove("virtual a {\n}\n\nvirtual vs1 {\n server x {\n }\n}\n\nvirtual b {\n}\n"),
        "virtual a {\n}\n\nvirtual b {\n}\n"
    );
    let in_service = "virtual vs1 {\n\n server a {\n }\n}\n";
    assert_eq!(
        edited(in_service, |d| d.remove_block(VS1.server("a"))),
        "virtual vs1 {\n}\n"
    );
}

#[test]
fn the_comments_right_above_a_block_go_with_it() {
    let remove = |file: &str| edited(file, |d| d.remove_block(VS1));
    assert_eq!(
        remove("# about vs1\n#\n# this too\nvirtual vs1 {\n}\n# and more\n"),
        "# and more\n"
    );
    assert_eq!(
        remove("a = 1\n\n# all of them\n\n# vs1\nvirtual vs1 {\n}\n\n# b\nvirtual b {\n}\n"),
        "a = 1\n\n# all of them\n\n# b\nvirtual b {\n}\n"
    );
    assert_eq!(remove("a = 1 # a\nvirtual vs1 {\n}\n"), "a = 1 # a\n");
    assert_eq!(
        edited(
            "virtual vs1 {\n port = 1\n # b\n server b {\n }\n # c\n server c {\n }\n}\n",
            |d| d.remove_block(VS1.server("b"))
        ),
        "virtual vs1 {\n port = 1\n # c\n server c {\n }\n}\n"
    );
    // What was there before the block stays when it goes.
    let file = "virtual vs1 {\n  # none yet\n}\n";
    let added = edited(file, |d| d.add_block(VS1.server("a")));
    assert_eq!(
        added,
        "virtual vs1 {\n  # none yet\n\n    server a {\n    }\n}\n"
    );
    assert_eq!(edited(&added, |d| d.remove_block(VS1.server("a"))), file);
}

#[test]
fn blocks_end_their_lines_as_the_line_above_does() {
    let add = |file: &str| {
        edited(file, |d| {
            d.add_block(BlockPath::virtual_server("b"))?;
            d.add_block(BlockPath::virtual_server("b").server("s"))
        })
    };
    let remove = |file: &str| edited(file, |d| d.remove_block(BlockPath::virtual_server("b")));
    for end in ["\n", "\r\n", "\r"] {
        let file = "p = 1\n\nvirtual a {\n}\n".replace('\n', end);
        let added = "p = 1\n\nvirtual a {\n}\n\nvirtual b {\n    server s {\n    }\n}\n";
        let added = added.replace('\n', end);
        assert_eq!(add(&file), added);
        assert_eq!(remove(&added), file);
        // A last line without one stays without.
        let (file, added) = (file.trim_end(), added.trim_end());
        assert_eq!(add(file), added);
        assert_eq!(remove(added), file);
    }
    assert_eq!(
        add("p = 1\nvirtual a {\r\n}\r\n# c\r"),
        "p = 1\nvirtual a {\r\n}\r\nvirtual b {\r\n    server s {\r\n    }\r\n}\r\n# c\r"
    );
    assert_eq!(
        add("p = 1\r\nvirtual a {\n}\rq = 1\n"),
        "p = 1\r\nvirtual a {\n}\rvirtual b {\r    server s {\r    }\r}\rq = 1\n"
    );
    assert_eq!(
        remove("p = 1\r\nvirtual b {\n}\rq = 1\n"),
        "p = 1\r\nq = 1\n"
    );
    // Two line ends of which one is empty do not become one.
    assert_eq!(remove("p = 1\rvirtual b {\n}\n\nq = 1"), "p = 1\r\r\nq = 1");
}

#[test]
fn a_file_is_built_from_nothing() {
    let file = edited("", |d| {
        d.set(Place::Global, "primary", &["1.2.3.2"])?;
        d.add_block(VS1)?;
        d.set(VS1, "active", &["1"])?;
        d.set(VS1, "address", &["1.2.3.1", "eth0:1"])?;
        for (name, address) in [("rs1", "192.168.1.3"), ("rs2", "192.168.1.4")] {
            d.add_block(VS1.server(name))?;
            d.set(VS1.server(name), "address", &[address])?;
        }
        d.set(VS1, "send", &["GET / HTTP/1.0\\r\\n\\r\\n"])
    });
    let expected = "\
primary = 1.2.3.2

virtual vs1 {
    active = 1
    address = 1.2.3.1 eth0:1
    send = \"GET / HTTP/1.0\\r\\n\\r\\n\"
    server rs1 {
        address = 192.168.1.3
    }
    server rs2 {
        address = 192.168.1.4
    }
}
";
    assert_eq!(file, expected);
}

#[test]
fn values_are_read_as_they_are_set() {
    let (mut document, _) = Document::parse(b"dirs = [ a 'b c' ]\nport # none\n".to_vec());
    let read = |d: &Document, name: &str| {
        let values = d.values(Place::Global, name).unwrap();
        values.map(|v| v.join("|"))
    };
    assert_eq!(read(&document, "dirs").as_deref(), Some("[|a|b c|]"));
    assert_eq!(read(&document, "port"), None);
    assert_eq!(read(&document, "primary"), None);
    document.set(Place::Global, "port", &["#80"]).unwrap();
    assert_eq!(read(&document, "port").as_deref(), Some("#80"));
}

#[test]
fn a_list_is_read_as_it_is_set() {
    use lvs_cf::{FixedResolver, parse};
    for before in [
        "",
        "dirs = [ ]\n",
        "dirs = [ 'x' 'y' ]\n",
        "dirs = [x y] # c\n",
        "dirs = [ a] ]\n",
        "dirs = '[' a\n",
        "dirs = '[' a ']'\n",
        "dirs\n",
    ] {
        for list in [
            &[][..],
            &["a"],
            &["a]", "b c"],
            &["]"],
            &["[", "'", "#"],
            &["", "a\"]"],
        ] {
            let text = format!("primary = 1.2.3.4\nvirtual v {{\naddress = 1.2.3.5\n{before}}}\n");
            let (mut document, _) = Document::parse(text.into_bytes());
            let values: Vec<&str> = [&["["], list, &["]"]].concat();
            let block = BlockPath::virtual_server("v");
            document.set(block, "dirs", &values).unwrap();
            let said = String::from_utf8(document.to_bytes()).unwrap();
            let loaded = parse("x".as_ref(), said.clone().into(), &FixedResolver::new());
            let dirs = loaded.expect(&said).config.virtual_servers[0].dirs.clone();
            assert_eq!(dirs.expect(&said).value, list, "{said}");
        }
    }
}

#[test]
fn blocks_are_listed_by_their_names() {
    let source =
        b"virtual server a {\n server b {\n }\n what c {\n }\n}\nfailover a {\n}\nx {\n}\n";
    let (document, _) = Document::parse(source.to_vec());
    let names: Vec<String> = document.blocks().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["virtual a", "virtual a/server b", "failover a"]);
}

#[test]
fn blocks_of_one_name_are_told_apart_by_their_order() {
    let file = "virtual a {\n server b {\n }\n server b {\n }\n}\nfailover a {\n}\n\
                virtual server a {\n server b {\n }\n}\n";
    let (mut document, _) = Document::parse(file.as_bytes().to_vec());
    let names: Vec<String> = document.blocks().iter().map(ToString::to_string).collect();
    let expected = [
        "virtual a (1)",
        "virtual a (1)/server b (1)",
        "virtual a (1)/server b (2)",
        "failover a",
        "virtual a (2)",
        "virtual a (2)/server b",
    ];
    assert_eq!(names, expected);
    let a = |nth| BlockPath::virtual_server("a").nth(nth);
    document.set(a(2), "port", &["2"]).unwrap();
    document.set(a(2).server("b"), "port", &["3"]).unwrap();
    document
        .set(a(1).server("b").nth(2), "port", &["4"])
        .unwrap();
    document.remove_block(a(1).server("b").nth(1)).unwrap();
    let expected = "virtual a {\n server b {\n     port = 4\n }\n}\nfailover a {\n}\n\
                    virtual server a {\n    port = 2\n server b {\n     port = 3\n }\n}\n";
    assert_eq!(String::from_utf8_lossy(&document.to_bytes()), expected);
    document.remove_block(a(1)).unwrap();
    assert_eq!(document.values(a(1), "port").unwrap(), Some(vec!["2"]));
    let only = BlockPath::virtual_server("a");
    assert_eq!(document.values(only, "port").unwrap(), Some(vec!["2"]));
    document.add_block(only.server("c").nth(7)).unwrap();
    assert_eq!(document.blocks().last(), Some(&only.server("c")));
}

#[test]
fn bytes_that_are_no_text_stay_where_they_may_be() {
    let (mut document, _) = Document::parse(b"# \xe9\nport = 80 # \xe9\nactive = \xe9\n".to_vec());
    document.set(Place::Global, "port", &["81"]).unwrap();
    document.set(Place::Global, "active", &["1"]).unwrap();
    let expected = b"# \xe9\nport = 81 # \xe9\nactive = 1\n";
    assert_eq!(document.to_bytes(), expected);
}
