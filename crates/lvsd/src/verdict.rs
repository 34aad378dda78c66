//! What a line on a monitor's stdout says about its real server.

/// A monitor's word on its real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is in the table.
    Up,
    /// It is not.
    Down,
}

/// The marks a monitor puts into its lines, as scripts look for them in the log.
const MARKS: [(&[u8], Verdict); 2] = [(b"[ active ]", Verdict::Up), (b"[inactive]", Verdict::Down)];

/// The verdict in `line`, if it is one. Of two marks in one line the first counts.
pub fn verdict(line: &[u8]) -> Option<Verdict> {
    (0..line.len()).find_map(|at| {
        let rest = &line[at..];
        MARKS
            .iter()
            .find(|(mark, _)| rest.starts_with(mark))
            .map(|(_, verdict)| *verdict)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_lines_a_monitor_writes() {
        for (line, expected) in [
            (
                "nanny: [ active ] making 10.0.0.1:80 available",
                Some(Verdict::Up),
            ),
            (
                "nanny: [inactive] shutting down 10.0.0.1:80 due to connection failure",
                Some(Verdict::Down),
            ),
            (
                "nanny: [inactive] 10.0.0.1:80 is not available yet",
                Some(Verdict::Down),
            ),
            ("[ active ]", Some(Verdict::Up)),
            ("[inactive] after [ active ]", Some(Verdict::Down)),
            ("nanny: CONNECT to 10.0.0.1:80 timed out", None),
            ("[active]", None),
            ("[ active ", None),
            ("", None),
        ] {
            assert_eq!(verdict(line.as_bytes()), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_around_a_mark_leave_it_a_verdict(
            before in proptest::collection::vec(any::<u8>().prop_filter("no mark", |b| *b != b'['), 0..200),
            after in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            for (mark, expected) in MARKS {
                let line = [&before, mark, &after].concat();
                prop_assert_eq!(verdict(&line), Some(expected));
            }
            prop_assert_eq!(verdict(&before), None);
        }
    }
}
