//! The escapes that a configuration may write in what is sent and expected.

/// Decodes `\n`, `\r`, `\t`, `\\`, `\'` and `\"`. A backslash before anything else, or at the end,
/// stays as it is, so that a regular expression needs no second one for its own escapes.
#[must_use]
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match *rest {
            [] => return decoded,
            [b'\\', b'n', ref rest @ ..] => {
                decoded.push(b'\n');
                rest
            }
            [b'\\', b'r', ref rest @ ..] => {
                decoded.push(b'\r');
                rest
            }
            [b'\\', b't', ref rest @ ..] => {
                decoded.push(b'\t');
                rest
            }
            [b'\\', quoted @ (b'\\' | b'\'' | b'"'), ref rest @ ..] => {
                decoded.push(quoted);
                rest
            }
            [byte, ref rest @ ..] => {
                decoded.push(byte);
                rest
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_escape_and_what_is_none() {
        for (text, decoded) in [
            ("", ""),
            ("plain *", "plain *"),
            (r"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"),
            (r#"a\tb\\c\'d\"e"#, "a\tb\\c'd\"e"),
            // Read from left to right: the first backslash is the escape of the second.
            (r"\\n", "\\n"),
            (r"\\\n", "\\\n"),
            // Not of the list.
            (r"\x41 \0 \* \.", r"\x41 \0 \* \."),
            (r"ends with \", r"ends with \"),
            (r"\\", r"\"),
        ] {
            assert_eq!(decode(text.as_bytes()), decoded.as_bytes(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_written(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut written = Vec::new();
            for &byte in &bytes {
                match byte {
                    b'\n' => written.extend(b"\\n"),
                    b'\r' => written.extend(b"\\r"),
                    b'\t' => written.extend(b"\\t"),
                    b'\\' | b'\'' | b'"' => written.extend([b'\\', byte]),
                    byte => written.push(byte),
                }
            }
            prop_assert_eq!(decode(&written), bytes);
        }

        #[test]
        fn text_without_a_backslash_stays(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let bytes: Vec<u8> = bytes.into_iter().filter(|&byte| byte != b'\\').collect();
            prop_assert_eq!(decode(&bytes), bytes);
        }
    }
}
