//! Replies in segments, whole outputs, and what searching a growing reply costs.

use super::*;
use proptest::prelude::*;

fn bytes(expected: &[u8]) -> Expect {
    Expect::Bytes(expected.to_vec())
}

fn pattern(expected: &[u8]) -> Expect {
    Expect::new(expected.to_vec(), true).expect("an expression")
}

/// Feeds segments until they decide.
fn decide(expect: &Expect, segments: &[&[u8]]) -> Match {
    let mut reply = Reply::default();
    for segment in segments {
        let said = match reply.take(expect, segment) {
            Match::SoFar => reply.pause(expect),
            said => said,
        };
        if said != Match::SoFar {
            return said;
        }
    }
    Match::SoFar
}

#[test]
fn a_reply_is_compared_from_its_start() {
    for (expected, segments, said) in [
        (&b"HTTP"[..], &[&b"HTTP/1.1 200 OK"[..]][..], Match::Yes),
        (b"HTTP", &[b"H", b"T", b"T", b"P"], Match::Yes),
        (b"HTTP", &[b"HT", b"", b"TP/1.0"], Match::Yes),
        (b"HTTP", &[b"HTT"], Match::SoFar),
        (b"HTTP", &[], Match::SoFar),
        (b"HTTP", &[b" HTTP"], Match::No),
        (b"HTTP", &[b"HT", b"Tp"], Match::No),
        (b"HTTP", &[b"http/1.0"], Match::No),
        // The wildcard, anywhere; any byte is one byte.
        (b"*", &[b"\0"], Match::Yes),
        (b"*", &[b""], Match::SoFar),
        (b"**", &[b"x"], Match::SoFar),
        (b"HTTP/1.* 2**", &[b"HTTP/1.1 204 No Content"], Match::Yes),
        (b"HTTP/1.* 2**", &[b"HTTP/1.1 5"], Match::No),
        (b"*K", &[b"O", b"K"], Match::Yes),
        (b"OK*", &[b"OK"], Match::SoFar),
        (b"OK*", &[b"OK", b"\xff"], Match::Yes),
        // A wildcard is no pattern.
        (b"a*b", &[b"ab"], Match::SoFar),
        (b"a*b", &[b"axxb"], Match::No),
    ] {
        assert_eq!(decide(&bytes(expected), segments), said, "{segments:?}");
    }
}

#[test]
fn an_expression_is_matched_with_what_has_come() {
    for (expected, segments, said) in [
        (
            "2[0-9][0-9] OK",
            &["HTTP/1.0 2", "00", " OK\r\n"][..],
            Match::Yes,
        ),
        ("^220 .*SMTP", &["220 mail ES", "MTP ready\r\n"], Match::Yes),
        ("^220 .*SMTP", &["421 ", "220 SMTP"], Match::SoFar),
        ("a|b", &["xxx", "yyb"], Match::Yes),
        ("end$", &["the end", " or not"], Match::Yes),
        ("x*", &[], Match::SoFar),
    ] {
        let segments: Vec<&[u8]> = segments.iter().map(|text| text.as_bytes()).collect();
        assert_eq!(
            decide(&pattern(expected.as_bytes()), &segments),
            said,
            "{expected}"
        );
    }
}

#[test]
fn every_byte_is_the_character_of_its_number() {
    let bytes: Vec<u8> = (0..=u8::MAX).chain([b'a', 0xff, b'b']).collect();
    let text: String = bytes.iter().copied().map(char::from).collect();
    assert_eq!(Text::from(&bytes[..]).as_str(), text);
    assert!(pattern(b"\xe9+$").accepts(&[0xe9; LONGEST], false));
}

#[test]
fn an_expression_sees_64_kib_and_no_more() {
    let expect = pattern(b"needle");
    for (before, said) in [(LONGEST - 6, Match::Yes), (LONGEST - 5, Match::No)] {
        let hay = vec![b'.'; before];
        assert_eq!(decide(&expect, &[&hay, b"needle"]), said);
    }
    let mut reply = Reply::default();
    assert_eq!(reply.missing(&expect), LONGEST);
    assert_eq!(reply.take(&expect, &vec![b'.'; LONGEST * 2]), Match::No);
    assert_eq!(reply.missing(&expect), 0);
}

#[test]
fn a_reply_byte_by_byte_is_not_searched_without_end() {
    let expect = pattern(b"needle$");
    let mut reply = Reply::default();
    let mut searches = 0;
    for _ in 0..LONGEST - 7 {
        assert_eq!(reply.take(&expect, b"."), Match::SoFar);
        assert_eq!(reply.pause(&expect), Match::SoFar);
        searches += usize::from(reply.searched == reply.length);
    }
    // Each doubling after the effort was spent searches once: twice the length in all.
    assert!(reply.effort <= EFFORT + 2 * LONGEST, "{}", reply.effort);
    const { assert!(EFFORT + 2 * LONGEST < PATIENCE) };
    // At first each byte was looked at as it came.
    assert!(searches > 700, "{searches}");
    for byte in b"needle" {
        assert_eq!(reply.take(&expect, &[*byte]), Match::SoFar);
    }
    assert_eq!(reply.pause(&expect), Match::SoFar, "not worth it");
    assert!(reply.is_enough(&expect, false));
    assert_eq!(reply.take(&expect, b"!"), Match::No, "it is full");
}

#[test]
fn a_costly_search_is_not_made_again_until_nothing_more_can_come() {
    let expect = pattern(b"x{480}|needle");
    assert!(matches!(&expect, Expect::Pattern(heavy) if heavy.weight() > HEAVIEST / 2));
    let mut reply = Reply::default();
    let most = LONGEST - 10;
    assert_eq!(reply.take(&expect, &vec![b'.'; most]), Match::SoFar);
    assert_eq!(reply.pause(&expect), Match::SoFar);
    assert_eq!(reply.searched, most, "once");
    assert_eq!(reply.take(&expect, b"needle"), Match::SoFar);
    assert_eq!(reply.pause(&expect), Match::SoFar);
    assert!(!reply.is_enough(&expect, false));
    assert_eq!(reply.searched, most, "not again");
    assert!(reply.is_enough(&expect, true));
}

#[test]
fn what_was_searched_is_not_searched_again() {
    let expect = pattern(b"needle");
    let mut reply = Reply::default();
    assert_eq!(reply.take(&expect, b"hay"), Match::SoFar);
    for _ in 0..10 {
        assert_eq!(reply.pause(&expect), Match::SoFar);
        assert!(!reply.is_enough(&expect, false));
    }
    assert_eq!(reply.ended(&expect), Match::No);
    assert_eq!(reply.effort, 3);
}

#[test]
fn a_peer_that_closes_early_has_not_said_it_all() {
    let mut reply = Reply::default();
    assert_eq!(reply.take(&bytes(b"HTTP"), b"HTT"), Match::SoFar);
    assert_eq!(reply.ended(&bytes(b"HTTP")), Match::No);
    // Nothing is matched by an expression that nothing matches.
    assert_eq!(Reply::default().ended(&pattern(b"^$")), Match::Yes);
    assert_eq!(Reply::default().ended(&pattern(b".")), Match::No);
}

#[test]
fn an_output_is_compared_as_a_whole() {
    for (expected, output, is_accepted) in [
        ("OK", "OK", true),
        ("OK", "OK\n", true),
        ("OK", "OK\n\n", false),
        ("OK\n", "OK\n\n", true),
        ("OK\n", "OK\n", false),
        ("OK", "OK\r\n", false),
        ("OK", "OKAY", false),
        ("OK", "O", false),
        ("OK", " OK", false),
        ("OK", "", false),
        ("", "", true),
        ("", "\n", true),
        ("", "x", false),
        ("OK *", "OK 7\n", true),
        ("OK *", "OK 17\n", false),
        ("**", "xy", true),
        ("**", "xyz", false),
        // Anything, but not nothing.
        ("*", "x\n", true),
        ("*", "all is well\n", true),
        ("*", "\n\n", true),
        ("*", "\n", false),
        ("*", "", false),
    ] {
        let said = bytes(expected.as_bytes()).accepts(output.as_bytes(), false);
        assert_eq!(said, is_accepted, "{expected:?} {output:?}");
    }
    assert!(!bytes(b"OK").accepts(b"OK", true));
    assert!(bytes(b"*").accepts(b"OK", true));
    assert!(pattern(b"^load: [0-9]+$").accepts(b"load: 12\n", false));
    assert!(!pattern(b"^load: [0-9]+$").accepts(b"load: 12\n\n", false));
    assert!(pattern(b"^OK").accepts(b"OK and much more", true));
}

proptest! {
    #[test]
    fn segments_do_not_matter(
        expected in prop::collection::vec(prop::sample::select(b"ab*".to_vec()), 1..6),
        text in prop::collection::vec(prop::sample::select(b"ab*".to_vec()), 0..12),
        cuts in prop::collection::vec(1usize..4, 12),
    ) {
        let mut segments = Vec::new();
        let mut rest = &text[..];
        for cut in cuts {
            let (segment, after) = rest.split_at(cut.min(rest.len()));
            segments.push(segment);
            rest = after;
        }
        let fits = expected.iter().zip(&text).all(|(e, t)| *e == b'*' || e == t);
        let wanted = match (fits, text.len() >= expected.len()) {
            (true, true) => Match::Yes,
            (true, false) => Match::SoFar,
            (false, _) => Match::No,
        };
        prop_assert_eq!(decide(&bytes(&expected), &segments), wanted);
    }

    #[test]
    fn an_expression_says_in_the_end_what_it_says_of_the_whole(
        text in prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..40),
        cut in 1usize..9,
    ) {
        let expect = pattern(b"a(bb)+a");
        let mut reply = Reply::default();
        let mut said = Match::SoFar;
        for segment in text.chunks(cut) {
            if said == Match::SoFar {
                said = reply.take(&expect, segment);
            }
            if said == Match::SoFar && cut % 2 == 0 {
                said = reply.pause(&expect);
            }
        }
        if said == Match::SoFar {
            said = reply.ended(&expect);
        }
        prop_assert_eq!(said == Match::Yes, expect.accepts(&text, true));
    }

    #[test]
    fn no_bytes_make_it_panic(
        expected in prop::collection::vec(any::<u8>(), 0..24),
        is_pattern: bool,
        text in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Ok(expect) = Expect::new(expected, is_pattern) {
            decide(&expect, &[&text]);
            let _ = expect.accepts(&text, false);
        }
    }
}

proptest! {
    // Each searches a lot.
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However a reply comes in, and however often it is asked for what has come.
    #[test]
    fn no_server_has_more_searched_than_there_is_patience_for(
        pieces in prop::collection::vec((1usize..2000, any::<bool>(), any::<bool>()), 1..60),
        is_heavy: bool,
    ) {
        let expect = pattern(if is_heavy { b"x{480}" } else { b"x" });
        let mut reply = Reply::default();
        for (length, pauses, asks) in pieces {
            let said = reply.take(&expect, &vec![b'.'; length]);
            if pauses && said == Match::SoFar {
                reply.pause(&expect);
            }
            if asks && said == Match::SoFar {
                reply.is_enough(&expect, false);
            }
        }
        prop_assert!(reply.effort <= PATIENCE + reply.length * HEAVIEST);
        reply.is_enough(&expect, true);
        prop_assert!(reply.effort <= PATIENCE + reply.length * HEAVIEST);
    }
}
