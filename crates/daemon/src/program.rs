//! Where a program is that is to be started, and whether it can be.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// Where the program `word` is, from the root. A word without a slash is looked for in `search_path`,
/// as `PATH` has it.
///
/// # Errors
/// There is none that may be executed, and why.
pub fn find(word: &OsStr, search_path: Option<&OsStr>) -> io::Result<PathBuf> {
    if word.as_encoded_bytes().contains(&b'/') {
        let path = std::path::absolute(word)?;
        check(&path)?;
        return Ok(path);
    }
    search_path
        .into_iter()
        .flat_map(std::env::split_paths)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(word))
        .find(|path| check(path).is_ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is none in PATH"))
}

/// Whether the path is a file that may be executed.
fn check(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    access(path, AccessFlags::X_OK)?;
    Ok(())
}
