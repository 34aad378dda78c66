//! Finds the monitor programs before the table is touched: a misspelt one must not cost a takeover.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::PathBuf;

use daemon::program;

use crate::error::Error;

/// Programs by the word the file has for them, each looked for once.
#[derive(Debug)]
pub(crate) struct Programs<'a> {
    search_path: Option<&'a OsStr>,
    found: HashMap<String, PathBuf>,
}

impl<'a> Programs<'a> {
    /// Looks for words without a slash in `search_path`, as `PATH` has it.
    pub(crate) fn new(search_path: Option<&'a OsStr>) -> Self {
        Self {
            search_path,
            found: HashMap::new(),
        }
    }

    /// Where the program `word` is, from the root.
    ///
    /// # Errors
    /// [`Error::Monitor`] if there is none that may be executed.
    pub(crate) fn find(&mut self, word: &str) -> Result<PathBuf, Error> {
        if let Some(path) = self.found.get(word) {
            return Ok(path.clone());
        }
        let found = program::find(word.as_ref(), self.search_path);
        let path = found.map_err(|source| Error::Monitor {
            program: word.to_owned(),
            source,
        })?;
        self.found.insert(word.to_owned(), path.clone());
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(word: &str) -> Result<PathBuf, String> {
        Programs::new(Some(OsStr::new("relative:/nonexistent:/usr/bin:/bin")))
            .find(word)
            .map_err(|error| daemon::exit::chain(&error))
    }

    #[test]
    fn a_path_is_taken_and_a_word_is_looked_for() {
        assert_eq!(find("/bin/sh"), Ok("/bin/sh".into()));
        assert_eq!(find("env"), Ok("/usr/bin/env".into()));
    }

    #[test]
    fn what_cannot_be_executed_is_named() {
        for (word, reason) in [
            ("/nonexistent/nanny", "No such file or directory"),
            ("no-such-nanny", "not found in PATH"),
            ("/etc/passwd", "Permission denied"),
            ("/etc", "is a directory"),
            ("", "not found in PATH"),
        ] {
            let error = find(word).expect_err(word);
            assert_eq!(error, format!("cannot run client_monitor {word}: {reason}"));
        }
    }

    #[test]
    fn a_relative_path_is_made_absolute() {
        let error = find("./no/nanny").expect_err("not there");
        assert!(
            error.starts_with("cannot run client_monitor ./no/nanny: "),
            "{error}"
        );
    }
}
