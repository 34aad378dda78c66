//! What is expected of a server, before the first NUL, and what it says, behind it. As bytes and as
//! an expression, in pieces and at once: nothing may panic, and the pieces must not matter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nanny::check::reply::{Expect, Match, Reply};

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let expected = parts.next().unwrap_or_default();
    let said = parts.next().unwrap_or_default();
    for is_pattern in [false, true] {
        let Ok(expect) = Expect::new(expected.to_vec(), is_pattern) else {
            assert!(is_pattern, "any bytes may be expected");
            continue;
        };
        let at_once = listen(&expect, said.chunks(usize::MAX));
        let in_pieces = listen(&expect, said.chunks(expected.len() % 7 + 1));
        if is_pattern {
            // A piece may match where the whole does not: `$` is the end of what has come.
            assert!(in_pieces || !at_once);
            assert_eq!(at_once, expect.accepts(said, true));
        } else {
            assert_eq!(at_once, in_pieces);
            assert!(at_once || !expect.accepts(said, false));
        }
    }
});

/// Whether a reply that comes in these pieces is as expected.
fn listen<'a>(expect: &Expect, pieces: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut reply = Reply::default();
    for piece in pieces {
        let said = match reply.take(expect, piece) {
            Match::Partial => reply.pause(expect),
            said => said,
        };
        match said {
            Match::Partial => {}
            said => return said == Match::Yes,
        }
    }
    reply.ended(expect) == Match::Yes
}
