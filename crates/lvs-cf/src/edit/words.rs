//! Writing a value or a name so that it is read back as it is.

/// Whether `text` can be the name of a directive.
pub(super) fn is_directive(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// How a word is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoting {
    /// Quote even where it need not be.
    pub(super) always: bool,
    /// The quote to take, unless it is in the word.
    pub(super) quote: char,
}

/// One of several values, and what it is besides a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing else.
    Plain,
    /// The `[` or the `]` of a list, which is neither in quotes.
    Bracket,
    /// A word of a list that would end it if it had no quotes.
    EndsInBracket,
}

impl Role {
    /// The role of the value at `index`.
    pub(super) fn of(values: &[&str], index: usize) -> Self {
        let [first @ .., last] = values else {
            return Self::Plain;
        };
        if first.first() != Some(&"[") || *last != "]" {
            return Self::Plain;
        }
        match values.get(index) {
            _ if index == 0 || index == first.len() => Self::Bracket,
            Some(word) if word.ends_with(']') => Self::EndsInBracket,
            _ => Self::Plain,
        }
    }

    /// Whether a word that is there, in quotes or not, can be left as it is.
    pub(super) fn allows(self, quoted: bool) -> bool {
        match self {
            Self::Plain => true,
            Self::Bracket => !quoted,
            Self::EndsInBracket => quoted,
        }
    }
}

/// The value at `index`. `None`: there is no way to write it.
pub(super) fn one_of(values: &[&str], index: usize, mut quoting: Quoting) -> Option<String> {
    let role = Role::of(values, index);
    quoting.always = match role {
        Role::Plain => quoting.always,
        Role::Bracket => false,
        Role::EndsInBracket => true,
    };
    let written = value(values.get(index)?, quoting)?;
    (role != Role::EndsInBracket || written.starts_with(['"', '\''])).then_some(written)
}

/// `text` as a value. `None`: there is no way to write it.
pub(super) fn value(text: &str, quoting: Quoting) -> Option<String> {
    if text.contains(['\n', '\r', '\0']) {
        return None;
    }
    let needed =
        text.is_empty() || text.contains([' ', '\t']) || text.starts_with(['"', '\'', '#']);
    write(text, needed, quoting)
}

/// `text` as the name of a block. `None`: it is none, or there is no way to write it.
pub(super) fn name(text: &str, quoting: Quoting) -> Option<String> {
    if text.is_empty() || text.contains(char::is_control) {
        return None;
    }
    let needed = text.contains([' ', '{']) || text.starts_with(['"', '\'', '#', '=']);
    write(text, needed, quoting)
}

fn write(text: &str, needed: bool, quoting: Quoting) -> Option<String> {
    if needed || quoting.always {
        let other = if quoting.quote == '"' { '\'' } else { '"' };
        let free = [quoting.quote, other]
            .into_iter()
            .find(|q| !text.contains(*q));
        if let Some(quote) = free {
            return Some(format!("{quote}{text}{quote}"));
        }
    }
    (!needed).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: Quoting = Quoting {
        always: false,
        quote: '"',
    };
    const SINGLE: Quoting = Quoting {
        always: true,
        quote: '\'',
    };

    #[test]
    fn values_are_quoted_where_they_must_be() {
        for (text, bare, single) in [
            ("wlc", Some("wlc"), Some("'wlc'")),
            ("", Some("\"\""), Some("''")),
            ("a b", Some("\"a b\""), Some("'a b'")),
            ("#x", Some("\"#x\""), Some("'#x'")),
            ("a#x", Some("a#x"), Some("'a#x'")),
            ("it's", Some("it's"), Some("\"it's\"")),
            ("say \"x\"", Some("'say \"x\"'"), Some("'say \"x\"'")),
            ("a\"b'c", Some("a\"b'c"), Some("a\"b'c")),
            ("\"a'", None, None),
            ("it's \"x\"", None, None),
            ("a\nb", None, None),
            ("a\rb", None, None),
            ("\0", None, None),
        ] {
            assert_eq!(value(text, BARE).as_deref(), bare, "{text:?}");
            assert_eq!(value(text, SINGLE).as_deref(), single, "{text:?}");
        }
    }

    #[test]
    fn words_of_a_list_do_not_end_it_and_its_brackets_stand_bare() {
        for (values, written) in [
            (&["[", "a]", "b", "]"][..], Some("[ \"a]\" b ]")),
            (&["[", "]", "[", "]"], Some("[ \"]\" [ ]")),
            (&["[", "\"a]", "]"], Some("[ '\"a]' ]")),
            (&["[", "a\"']", "]"], None),
            (&["[", "a\"'", "]"], Some("[ a\"' ]")),
            (&["[", "]"], Some("[ ]")),
            (&["]"], Some("]")),
            (&["[", "a]", "b"], Some("[ a] b")),
        ] {
            let words = (0..values.len()).map(|index| one_of(values, index, BARE));
            let line = words
                .collect::<Option<Vec<_>>>()
                .map(|words| words.join(" "));
            assert_eq!(line.as_deref(), written, "{values:?}");
        }
        assert_eq!(one_of(&["[", "]"], 1, SINGLE).as_deref(), Some("]"));
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("vs1", Some("vs1")),
            ("=x", Some("\"=x\"")),
            ("a{", Some("\"a{\"")),
            ("web 1", Some("\"web 1\"")),
            ("", None),
            ("a\tb", None),
        ] {
            assert_eq!(name(text, BARE).as_deref(), written, "{text:?}");
        }
    }

    #[test]
    fn directives_are_plain_words() {
        assert!(is_directive("nat_router"));
        for bad in ["", "a b", "a=", "#a", "}", "a\n", "é", "\"a\"", "_a", "1a"] {
            assert!(!is_directive(bad), "{bad:?}");
        }
    }
}
