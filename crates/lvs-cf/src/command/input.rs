//! The files a command is about.

use std::path::{Path, PathBuf};

use super::cli::Names;
use crate::{LoadError, Resolve, SystemResolver, Unresolved, source};

/// How standard input is called in messages.
const STDIN: &str = "<stdin>";

/// A file's text, and what messages call it.
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) source: Vec<u8>,
}

/// Reads the file at `path`, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Input, LoadError> {
    let is_stdin = path.as_os_str() == "-";
    let (path, source) = if is_stdin {
        (PathBuf::from(STDIN), source::read_stdin())
    } else {
        (path.to_owned(), source::read(path))
    };
    match source {
        Ok(source) => Ok(Input { path, source }),
        Err(source) => Err(LoadError::Read { path, source }),
    }
}

/// Who knows the hosts that the files name.
pub(super) fn resolver(names: &Names) -> Box<dyn Resolve> {
    if names.resolve {
        Box::new(SystemResolver::new())
    } else {
        Box::new(Unresolved::new())
    }
}
