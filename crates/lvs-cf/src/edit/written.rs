//! Writing words where there is no file whose manner they should have.

use super::words::{self, Quoting};

const PLAIN: Quoting = Quoting {
    always: false,
    quote: '"',
};

/// `text` as a value; `None`: there is no way to write it.
pub(crate) fn value(text: &str) -> Option<String> {
    words::value(text, PLAIN)
}

/// `words` as the value of a directive that takes a list. Each list that was read can be written.
pub(crate) fn list(words: &[String]) -> String {
    let mut out = String::from("[");
    let mut close = " ]";
    for (index, word) in words.iter().enumerate() {
        // Without quotes its bracket would end the list.
        let always = word.ends_with(']');
        let written = words::value(word, Quoting { always, ..PLAIN });
        // With both kinds of quotes in it, it was read right behind the opening bracket, where
        // neither a quote nor a `#` means anything.
        let is_open = index == 0 && written.is_none();
        if !is_open {
            out.push(' ');
        }
        let written = written.unwrap_or_else(|| word.clone());
        if written.ends_with(']') {
            // Nor has this one quotes: its bracket stood before the closing one.
            close = "]";
        }
        out.push_str(&written);
    }
    out.push_str(close);
    out
}

/// `text` as a block's name; `None`: there is no way to write it.
pub(crate) fn name(text: &str) -> Option<String> {
    words::name(text, PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_list_do_not_end_it() {
        for (words, written) in [
            (&[][..], "[ ]"),
            (&["a", "b c", ""], "[ a \"b c\" \"\" ]"),
            (&["a]", "b"], "[ \"a]\" b ]"),
            (&["[", "]"], "[ [ \"]\" ]"),
            (&["#", "x"], "[ \"#\" x ]"),
            (&["\"a'", "b"], "[\"a' b ]"),
            (&["#\"'", "a\"'"], "[#\"' a\"' ]"),
            (&["b", "a\"']"], "[ b a\"']]"),
            (&["\"a']"], "[\"a']]"),
        ] {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            assert_eq!(list(&words), written);
        }
    }
}
