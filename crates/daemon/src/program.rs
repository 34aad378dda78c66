//! Finds a program to execute, as a shell does, and checks that it is executable.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};

/// The absolute path of the program `word`. A word without a slash is looked up in `search_path`,
/// which has the format of `PATH`.
///
/// # Errors
/// No such file, or it is not executable.
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
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "not found in PATH"))
}

/// Checks that the path is an executable file.
fn check(path: &Path) -> io::Result<()> {
    if path.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    access(path, AccessFlags::X_OK)?;
    Ok(())
}
