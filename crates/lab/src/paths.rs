//! Where the lab finds its own programs and keeps its logs: all relative to the running executable,
//! which cargo puts into `TARGET/PROFILE/` or, for a test, `TARGET/PROFILE/deps/`.

use crate::error::{Error, Result};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Once;

/// Overrides where `lab-init` and `lab-keeper` are.
const BIN_VARIABLE: &str = "LAB_BIN_DIR";
/// Overrides where runs keep their logs.
const LOG_VARIABLE: &str = "LAB_LOG_DIR";

/// Room that the logs of a run may need.
const LOG_ROOM: u64 = 64 << 20;

/// Cargo's target directory.
pub fn target_dir() -> Result<PathBuf> {
    let exe = std::env::current_exe().map_err(Error::io("find the test executable"))?;
    below(&exe).ok_or_else(|| Error::Garbled {
        what: "a path below target/",
        text: exe.display().to_string(),
    })
}

/// `TARGET` from `TARGET/PROFILE/deps/TEST` or `TARGET/PROFILE/PROGRAM`.
fn below(exe: &Path) -> Option<PathBuf> {
    let dir = exe.parent()?;
    let profile = if dir.ends_with("deps") {
        dir.parent()?
    } else {
        dir
    };
    profile.parent().map(Path::to_path_buf)
}

/// A program of this workspace: in the directory that `variable` names, else `TARGET/release`.
/// Release builds, because the figures that scenarios print are meant to be those of a release.
pub fn built_program(variable: &str, name: &str) -> Result<PathBuf> {
    let dir = match std::env::var_os(variable) {
        Some(dir) => PathBuf::from(dir),
        None => target_dir()?.join("release"),
    };
    let path = dir.join(name);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::NotBuilt {
            program: name.to_owned(),
            path: path.display().to_string(),
        })
    }
}

/// The programs in `TARGET/release`, without the lab's own.
pub(crate) fn built_programs() -> Result<Vec<PathBuf>> {
    let dir = target_dir()?.join("release");
    let entries = std::fs::read_dir(&dir).map_err(Error::io(format!("list {}", dir.display())))?;
    let is_program = |path: &PathBuf| {
        let own = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("lab-"));
        let runs = path
            .metadata()
            .is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0);
        path.extension().is_none() && runs && !own
    };
    Ok(entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_program)
        .collect())
}

/// Reads the programs that scenarios run as real servers, once per process, so that they are in this
/// machine's page cache: an idle guest's clock runs ahead while a read waits for the disk.
pub(crate) fn warm_unpacked_programs() {
    static WARMED: Once = Once::new();
    WARMED.call_once(|| {
        if let Ok(dir) = target_dir() {
            read_all(&dir.join("real-servers"));
        }
    });
}

/// Skips what cannot be read: the scenario that needs it reports that.
fn read_all(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => read_all(&entry.path()),
            Ok(kind) if kind.is_file() => drop(std::fs::read(entry.path())),
            _ => {}
        }
    }
}

/// A program of the lab itself.
pub(crate) fn own_program(name: &str) -> Result<PathBuf> {
    built_program(BIN_VARIABLE, name)
}

/// Fails unless the file system of `dir` has `bytes` left.
pub(crate) fn require_room(dir: &Path, bytes: u64) -> Result<()> {
    let found = nix::sys::statvfs::statvfs(dir).map_err(Error::os(format!(
        "look at the file system of {}",
        dir.display()
    )))?;
    let left = found.blocks_available() * found.fragment_size();
    if left >= bytes {
        return Ok(());
    }
    Err(Error::broken(format!(
        "no room in {}: {} MiB left, the lab needs {} MiB",
        dir.display(),
        left >> 20,
        bytes >> 20
    )))
}

/// An empty directory for the logs of one run: that of the last run with the same name is gone.
pub(crate) fn fresh_run_dir(scenario: &str) -> Result<PathBuf> {
    let base = match std::env::var_os(LOG_VARIABLE) {
        Some(dir) => PathBuf::from(dir),
        None => target_dir()?.join("lab"),
    };
    let dir = base.join(scenario.replace("::", "."));
    match std::fs::remove_dir_all(&dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(format!("remove {}", dir.display()))(error));
        }
        _ => {}
    }
    std::fs::create_dir_all(&dir).map_err(Error::io(format!("make {}", dir.display())))?;
    require_room(&dir, LOG_ROOM)?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_programs_have_one_target_directory() {
        for exe in ["/t/debug/deps/scenarios-0", "/t/release/demo"] {
            assert_eq!(below(Path::new(exe)), Some("/t".into()), "{exe}");
        }
    }
}
