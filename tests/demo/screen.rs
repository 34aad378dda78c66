//! What the demo shows, line by line, and the promises among it: nothing is called "ok" that was
//! not looked at.

use lab::{Error, Result};
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// The file in the run's directory; `cargo xtask demo` looks for it under this name.
pub(crate) const FILE: &str = "narration";
/// The width of the terminal that everything has to fit in.
#[cfg(test)]
pub(crate) const WIDTH: usize = 80;

/// What goes before every line but the titles.
pub(crate) const INDENT: &str = "   ";

/// What the user sees.
pub(crate) struct Screen {
    file: File,
    number: Cell<u32>,
    title: RefCell<String>,
}

impl Screen {
    /// An empty one.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = File::create(path).map_err(|source| Error::Io {
            doing: format!("create {}", path.display()),
            source,
        })?;
        Ok(Screen {
            file,
            number: Cell::new(0),
            title: RefCell::new(String::new()),
        })
    }

    /// Begins a step.
    pub(crate) fn step(&self, title: &str) -> Result<()> {
        self.number.set(self.number.get() + 1);
        title.clone_into(&mut self.title.borrow_mut());
        self.write(&format!("\n{}. {title}\n\n", self.number.get()))
    }

    /// Shows a text, indented.
    pub(crate) fn show(&self, text: &str) -> Result<()> {
        let lines = text.lines().map(|line| format!("{INDENT}{line}"));
        let lines: String = lines
            .map(|line| line.trim_end().to_owned() + "\n")
            .collect();
        self.write(&lines)
    }

    /// Shows an empty line.
    pub(crate) fn gap(&self) -> Result<()> {
        self.write("\n")
    }

    /// Shows a promise that was kept, or fails with what was seen in its place.
    pub(crate) fn promise(&self, claim: &str, kept: bool, seen: impl Display) -> Result<()> {
        if kept {
            self.kept(claim)
        } else {
            Err(broken(claim, seen))
        }
    }

    /// Shows a promise that the caller has seen kept.
    pub(crate) fn kept(&self, claim: &str) -> Result<()> {
        let lines = claim.replace('\n', "\n       ");
        self.write(&format!("{INDENT}ok  {lines}\n"))
    }

    /// An error with the step in which it happened, in the terms of expected and seen.
    pub(crate) fn place(&self, error: &Error) -> Error {
        let what = match error {
            Error::Broken(text) => text.clone(),
            Error::TimedOut { what, limit } => {
                broken(what, format!("not within {} s", limit.as_secs_f32())).to_string()
            }
            other => other.chain(),
        };
        match self.number.get() {
            0 => Error::broken(what),
            number => Error::broken(format!("in step {number}, {}\n{what}", self.title.borrow())),
        }
    }

    fn write(&self, text: &str) -> Result<()> {
        let mut file = &self.file;
        let written = file.write_all(text.as_bytes());
        written.map_err(|source| Error::Io {
            doing: format!("write to {FILE}"),
            source,
        })
    }
}

/// A promise that was not kept.
pub(crate) fn broken(expected: &str, seen: impl Display) -> Error {
    let expected = expected.replace('\n', "\n          ");
    let seen = seen.to_string();
    let seen = seen.trim_end().replace('\n', "\n          ");
    Error::broken(format!("expected: {expected}\nseen:     {seen}"))
}
