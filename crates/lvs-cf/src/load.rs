//! From a path or a text to a checked configuration: what the daemons call.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::build;
use crate::sink::Sink;
use crate::words::shown_path;
use crate::{Config, Diagnostic, Document, Resolve, not_yet, source};

/// Where the file is looked for when the command line names none, in this order.
pub const DEFAULT_PATHS: [&str; 2] = ["/etc/lvs.cf", "/etc/sysconfig/ha/lvs.cf"];

/// The first of [`DEFAULT_PATHS`] that exists, else the first of them.
pub fn default_path() -> PathBuf {
    PathBuf::from(first_of(Path::exists))
}

/// The first of [`DEFAULT_PATHS`] that `exists`, else the first of them.
fn first_of(exists: fn(&Path) -> bool) -> &'static str {
    let mut existing = DEFAULT_PATHS.iter().filter(|p| exists(Path::new(p)));
    existing.next().unwrap_or(&DEFAULT_PATHS[0])
}

/// A file that loads.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where it was read.
    pub path: PathBuf,
    /// What it means.
    pub config: Config,
    /// What is doubtful about it, in file order; the first ones if there are very many.
    pub warnings: Vec<Diagnostic>,
    /// How many warnings there are, the ones not among `warnings` included.
    pub warning_count: usize,
    /// Its text.
    pub document: Document,
}

/// A file that has errors.
#[derive(Debug, Clone, Error)]
#[error("error parsing {} at {}", shown_path(path), first(diagnostics))]
pub struct Invalid {
    /// Which file.
    pub path: PathBuf,
    /// The first errors in file order, then the first warnings in file order.
    pub diagnostics: Vec<Diagnostic>,
    /// How many errors there are, the ones not among `diagnostics` included.
    pub errors: usize,
    /// How many warnings there are, the ones not among `diagnostics` included.
    pub warnings: usize,
    /// Its text.
    pub document: Document,
}

fn first(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// A file that does not load. Its [`report`](LoadError::report) is what people should see.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read {}", shown_path(path))]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has errors.
    #[error(transparent)]
    Invalid(#[from] Box<Invalid>),
}

/// Reads the file at `path`, parses and checks it: what the daemons call. Names are resolved
/// through `resolver`. What the daemons of this version do not do is an error.
///
/// # Errors
/// The file cannot be read, or has at least one error.
pub fn load(path: &Path, resolver: &dyn Resolve) -> Result<Loaded, LoadError> {
    let source = source::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(check(path, source, resolver)?)
}

/// Parses and checks `source` as the text of the file at `path`, which is only named.
///
/// The whole language is taken. Whether this version's daemons do what it says, [`check`] knows.
///
/// # Errors
/// The text has at least one error.
pub fn parse(path: &Path, source: Vec<u8>, resolver: &dyn Resolve) -> Result<Loaded, Box<Invalid>> {
    parse_and(path, source, resolver, |_, _, _| ())
}

/// As [`parse`], and what the daemons of this version do not do is an error of
/// [`Kind::Unsupported`](crate::Kind::Unsupported).
///
/// # Errors
/// The text has at least one error, or asks for something that is not done.
pub fn check(path: &Path, source: Vec<u8>, resolver: &dyn Resolve) -> Result<Loaded, Box<Invalid>> {
    parse_and(path, source, resolver, not_yet::refuse)
}

fn parse_and(
    path: &Path,
    source: Vec<u8>,
    resolver: &dyn Resolve,
    further: fn(&Config, &Document, &mut Sink),
) -> Result<Loaded, Box<Invalid>> {
    let mut sink = Sink::default();
    let document = Document::parse_into(source, &mut sink);
    let config = build(&document, resolver, &mut sink);
    if let Some(config) = &config {
        further(config, &document, &mut sink);
    }
    let found = sink.finish(&document);
    let path = path.to_owned();
    match config.filter(|_| found.errors == 0) {
        Some(config) => Ok(Loaded {
            path,
            config,
            warnings: found.diagnostics,
            warning_count: found.warnings,
            document,
        }),
        None => Err(Box::new(Invalid {
            path,
            diagnostics: found.diagnostics,
            errors: found.errors,
            warnings: found.warnings,
            document,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_is_the_first_there_is() {
        assert_eq!(first_of(|_| true), "/etc/lvs.cf");
        assert_eq!(
            first_of(|path| path.starts_with("/etc/sysconfig")),
            "/etc/sysconfig/ha/lvs.cf"
        );
        assert_eq!(
            first_of(|path| path == Path::new("/etc/lvs.cf")),
            "/etc/lvs.cf"
        );
        assert_eq!(first_of(|_| false), "/etc/lvs.cf");
    }
}
