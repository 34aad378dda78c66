//! Logs of a guest, from its memory to the run's directory on this machine.

use super::stage::SHARE;
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Copies what has changed since the last time.
pub(super) struct Logs {
    from: PathBuf,
    /// Length and time of each file when it was copied.
    copied: BTreeMap<PathBuf, (u64, i64, i64)>,
}

impl Logs {
    /// Logs below the directory `from`.
    pub(super) fn new(from: &Path) -> Self {
        Logs {
            from: from.to_path_buf(),
            copied: BTreeMap::new(),
        }
    }

    /// Copies new and changed files.
    pub(super) fn copy(&mut self) -> Result<()> {
        let from = self.from.clone();
        self.copy_dir(&from, Path::new(SHARE))
    }

    fn copy_dir(&mut self, from: &Path, to: &Path) -> Result<()> {
        let entries = fs::read_dir(from).map_err(Error::io(format!("list {}", from.display())))?;
        for entry in entries.flatten() {
            let (path, target) = (entry.path(), to.join(entry.file_name()));
            let Ok(meta) = fs::symlink_metadata(&path) else {
                continue;
            };
            if meta.is_dir() {
                fs::create_dir_all(&target)
                    .map_err(Error::io(format!("make {}", target.display())))?;
                self.copy_dir(&path, &target)?;
            } else if meta.is_file() {
                let state = (meta.len(), meta.mtime(), meta.mtime_nsec());
                if self.copied.insert(path.clone(), state) != Some(state) {
                    fs::copy(&path, &target)
                        .map_err(Error::io(format!("copy {}", path.display())))?;
                }
            }
        }
        Ok(())
    }
}
