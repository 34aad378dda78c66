//! Replies in segments, complete outputs, and the search budget.

use super::*;
use proptest::prelude::*;

fn bytes(expected: &[u8]) -> Expect {
    Expect::Bytes(expected.to_vec())
}

fn pattern(expected: &[u8]) -> Expect {
    Expect::new(expected.to_vec(), true).expect("an expression")
}

/// Feeds segments until the result is decided.
fn decide(expect: &Expect, segments: &[&[u8]]) -> Match {
    let mut reply = Reply::default();
    for segment in segments {
        let logged = match reply.take(expect, segment) {
            Match::Partial => reply.pause(expect),
            logged => logged,
        };
        if logged != Match::Partial {
            return logged;
        }
    }
    Match::Partial
}

#[test]
fn compares_from_start_of_reply() {
    for (expected, segments, logged) in [
        (&b"HTTP"[..], &[&b"HTTP/1.1 200 OK"[..]][..], Match::Yes),
        (b"HTTP", &[b"H", b"T", b"T", b"P"], Match::Yes),
        (b"HTTP", &[b"HT", b"", b"TP/1.0"], Match::Yes),
        (b"HTTP", &[b"HTT"], Match::Partial),
        (b"HTTP", &[], Match::Partial),
        (b"HTTP", &[b" HTTP"], Match::No),
        (b"HTTP", &[b"HT", b"Tp"], Match::No),
        (b"HTTP", &[b"http/1.0"], Match::No),
        // Wildcards at any position; any byte is one byte.
        (b"*", &[b"\0"], Match::Yes),
        (b"*", &[b""], Match::Partial),
        (b"**", &[b"x"], Match::Partial),
        (b"HTTP/1.* 2**", &[b"HTTP/1.1 204 No Content"], Match::Yes),
        (b"HTTP/1.* 2**", &[b"HTTP/1.1 5"], Match::No),
        (b"*K", &[b"O", b"K"], Match::Yes),
        (b"OK*", &[b"OK"], Match::Partial),
        (b"OK*", &[b"OK", b"\xff"], Match::Yes),
        // A wildcard is not a regular expression.
        (b"a*b", &[b"ab"], Match::Partial),
        (b"a*b", &[b"axxb"], Match::No),
    ] {
        assert_eq!(decide(&bytes(expected), segments), logged, "{segments:?}");
    }
}

#[test]
fn expression_matches_reply_so_far() {
    for (expected, segments, logged) in [
        (
            "2[0-9][0-9] OK",
            &["HTTP/1.0 2", "00", " OK\r\n"][..],
            Match::Yes,
        ),
        ("^220 .*SMTP", &["220 mail ES", "MTP ready\r\n"], Match::Yes),
        ("^220 .*SMTP", &["421 ", "220 SMTP"], Match::Partial),
        ("a|b", &["xxx", "yyb"], Match::Yes),
        ("end$", &["the end", " or not"], Match::Yes),
        ("x*", &[], Match::Partial),
    ] {
        let segments: Vec<&[u8]> = segments.iter().map(|text| text.as_bytes()).collect();
        assert_eq!(
            decide(&pattern(expected.as_bytes()), &segments),
            logged,
            "{expected}"
        );
    }
}

#[test]
fn maps_bytes_to_characters() {
    let bytes: Vec<u8> = (0..=u8::MAX).chain([b'a', 0xff, b'b']).collect();
    let text: String = bytes.iter().copied().map(char::from).collect();
    assert_eq!(Text::from(&bytes[..]).as_str(), text);
    assert!(pattern(b"\xe9+$").accepts(&[0xe9; LONGEST], false));
}

#[test]
fn expression_sees_64_kib() {
    let expect = pattern(b"needle");
    for (before, logged) in [(LONGEST - 6, Match::Yes), (LONGEST - 5, Match::No)] {
        let hay = vec![b'.'; before];
        assert_eq!(decide(&expect, &[&hay, b"needle"]), logged);
    }
    let mut reply = Reply::default();
    assert_eq!(reply.missing(&expect), LONGEST);
    assert_eq!(reply.take(&expect, &vec![b'.'; LONGEST * 2]), Match::No);
    assert_eq!(reply.missing(&expect), 0);
}

#[test]
fn slow_reply_is_searched_within_budget() {
    let expect = pattern(b"needle$");
    let mut reply = Reply::default();
    let mut searches = 0;
    for _ in 0..LONGEST - 7 {
        assert_eq!(reply.take(&expect, b"."), Match::Partial);
        assert_eq!(reply.pause(&expect), Match::Partial);
        searches += usize::from(reply.searched == reply.length);
    }
    // After the eager budget is spent each doubling searches once: twice the length in total.
    assert!(
        reply.effort <= EAGER_BUDGET + 2 * LONGEST,
        "{}",
        reply.effort
    );
    const { assert!(EAGER_BUDGET + 2 * LONGEST < BUDGET) };
    // At first each byte was searched as it arrived.
    assert!(searches > 700, "{searches}");
    for byte in b"needle" {
        assert_eq!(reply.take(&expect, &[*byte]), Match::Partial);
    }
    assert_eq!(reply.pause(&expect), Match::Partial, "not worth it");
    assert!(reply.is_enough(&expect, false));
    assert_eq!(reply.take(&expect, b"!"), Match::No, "the buffer is full");
}

#[test]
fn expensive_search_is_repeated_only_at_end() {
    let expect = pattern(b"x{480}|needle");
    assert!(matches!(&expect, Expect::Pattern(heavy) if heavy.weight() > HEAVIEST / 2));
    let mut reply = Reply::default();
    let most = LONGEST - 10;
    assert_eq!(reply.take(&expect, &vec![b'.'; most]), Match::Partial);
    assert_eq!(reply.pause(&expect), Match::Partial);
    assert_eq!(reply.searched, most, "once");
    assert_eq!(reply.take(&expect, b"needle"), Match::Partial);
    assert_eq!(reply.pause(&expect), Match::Partial);
    assert!(!reply.is_enough(&expect, false));
    assert_eq!(reply.searched, most, "not again");
    assert!(reply.is_enough(&expect, true));
}

#[test]
fn unchanged_reply_is_not_searched_again() {
    let expect = pattern(b"needle");
    let mut reply = Reply::default();
    assert_eq!(reply.take(&expect, b"hay"), Match::Partial);
    for _ in 0..10 {
        assert_eq!(reply.pause(&expect), Match::Partial);
        assert!(!reply.is_enough(&expect, false));
    }
    assert_eq!(reply.ended(&expect), Match::No);
    assert_eq!(reply.effort, 3);
}

#[test]
fn early_close_does_not_match() {
    let mut reply = Reply::default();
    assert_eq!(reply.take(&bytes(b"HTTP"), b"HTT"), Match::Partial);
    assert_eq!(reply.ended(&bytes(b"HTTP")), Match::No);
    // An expression that matches the empty string matches an empty reply.
    assert_eq!(Reply::default().ended(&pattern(b"^$")), Match::Yes);
    assert_eq!(Reply::default().ended(&pattern(b".")), Match::No);
}

#[test]
fn compares_complete_output() {
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
        // Anything except an empty output.
        ("*", "x\n", true),
        ("*", "all is well\n", true),
        ("*", "\n\n", true),
        ("*", "\n", false),
        ("*", "", false),
    ] {
        let logged = bytes(expected.as_bytes()).accepts(output.as_bytes(), false);
        assert_eq!(logged, is_accepted, "{expected:?} {output:?}");
    }
    assert!(!bytes(b"OK").accepts(b"OK", true));
    assert!(bytes(b"*").accepts(b"OK", true));
    assert!(pattern(b"^load: [0-9]+$").accepts(b"load: 12\n", false));
    assert!(!pattern(b"^load: [0-9]+$").accepts(b"load: 12\n\n", false));
    assert!(pattern(b"^OK").accepts(b"OK and much more", true));
}

proptest! {
    #[test]
    fn result_is_independent_of_segmentation(
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
            (true, false) => Match::Partial,
            (false, _) => Match::No,
        };
        prop_assert_eq!(decide(&bytes(&expected), &segments), wanted);
    }

    #[test]
    fn final_match_equals_match_of_whole(
        text in prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..40),
        cut in 1usize..9,
    ) {
        let expect = pattern(b"a(bb)+a");
        let mut reply = Reply::default();
        let mut logged = Match::Partial;
        for segment in text.chunks(cut) {
            if logged == Match::Partial {
                logged = reply.take(&expect, segment);
            }
            if logged == Match::Partial && cut % 2 == 0 {
                logged = reply.pause(&expect);
            }
        }
        if logged == Match::Partial {
            logged = reply.ended(&expect);
        }
        prop_assert_eq!(logged == Match::Yes, expect.accepts(&text, true));
    }

    #[test]
    fn does_not_panic_on_any_bytes(
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
    // Each expression is expensive.
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// For any segmentation of the reply, and any number of comparisons in between.
    #[test]
    fn search_stays_within_budget(
        pieces in prop::collection::vec((1usize..2000, any::<bool>(), any::<bool>()), 1..60),
        is_heavy: bool,
    ) {
        let expect = pattern(if is_heavy { b"x{480}" } else { b"x" });
        let mut reply = Reply::default();
        for (length, pauses, concludes) in pieces {
            let logged = reply.take(&expect, &vec![b'.'; length]);
            if pauses && logged == Match::Partial {
                reply.pause(&expect);
            }
            if concludes && logged == Match::Partial {
                reply.is_enough(&expect, false);
            }
        }
        prop_assert!(reply.effort <= BUDGET + reply.length * HEAVIEST);
        reply.is_enough(&expect, true);
        prop_assert!(reply.effort <= BUDGET + reply.length * HEAVIEST);
    }
}
