//! The initial RAM file system: `lab-init` as `/init`, and the modules it loads.
//!
//! The format is `newc`, from the kernel's `Documentation/driver-api/early-userspace/buffer-format.rst`.

use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the modules are in the guest until it has a root file system.
pub(crate) const MODULE_DIR: &str = "modules";
/// Where the guest mounts the share of this machine's root directory.
pub(crate) const SHARE: &str = "share";
/// Where the guest mounts its root file system.
pub(crate) const NEW_ROOT: &str = "root";

const DIRECTORY: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;

/// Where files are that the guest lays over its root file system.
pub(crate) const RESIDENT: &str = "resident";

/// Packs `init`, the `modules`, numbered in the order of loading, and `resident` files: where each
/// belongs, and where it is.
pub(super) fn pack(
    init: &Path,
    modules: &[PathBuf],
    resident: &BTreeMap<PathBuf, PathBuf>,
) -> Result<Vec<u8>> {
    let read =
        |path: &Path| std::fs::read(path).map_err(Error::io(format!("read {}", path.display())));
    let mut archive = Vec::new();
    for directory in ["dev", "proc", SHARE, NEW_ROOT, MODULE_DIR, RESIDENT] {
        append(&mut archive, directory, DIRECTORY, &[])?;
    }
    append(&mut archive, "init", PROGRAM, &read(init)?)?;
    for (number, path) in modules.iter().enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{MODULE_DIR}/{number:03}-{name}");
        append(&mut archive, &name, PROGRAM, &read(path)?)?;
    }
    let mut directories = BTreeSet::new();
    for (place, path) in resident {
        let place = Path::new(RESIDENT).join(place.strip_prefix("/").unwrap_or(place));
        let above: Vec<_> = place.ancestors().skip(1).filter(|dir| *dir != "").collect();
        for dir in above.into_iter().rev() {
            if directories.insert(dir.to_path_buf()) {
                append(&mut archive, &dir.to_string_lossy(), DIRECTORY, &[])?;
            }
        }
        append(
            &mut archive,
            &place.to_string_lossy(),
            PROGRAM,
            &read(path)?,
        )?;
    }
    append(&mut archive, "TRAILER!!!", 0, &[])?;
    Ok(archive)
}

fn append(archive: &mut Vec<u8>, name: &str, mode: u32, data: &[u8]) -> Result<()> {
    let too_long = |_| Error::broken(format!("{name} is too long for an initial RAM file system"));
    let size = u32::try_from(data.len()).map_err(too_long)?;
    let name_size = u32::try_from(name.len() + 1).map_err(too_long)?;
    let inode = u32::try_from(archive.len()).map_err(too_long)?;
    // inode, mode, uid, gid, links, mtime, size, device (two), special device (two), name, checksum
    let fields = [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
    archive.extend_from_slice(b"070701");
    for field in fields {
        archive.extend_from_slice(format!("{field:08x}").as_bytes());
    }
    archive.extend_from_slice(name.as_bytes());
    archive.push(0);
    align(archive);
    archive.extend_from_slice(data);
    align(archive);
    Ok(())
}

fn align(archive: &mut Vec<u8>) {
    archive.resize(archive.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_end_with_trailer() {
        let mut archive = Vec::new();
        append(&mut archive, "init", PROGRAM, b"12345").unwrap();
        append(&mut archive, "TRAILER!!!", 0, &[]).unwrap();
        assert_eq!(archive.len() % 4, 0);
        assert!(archive.starts_with(b"07070100000000000081ed"));
        let at = archive
            .windows(8)
            .position(|bytes| bytes == b"12345\0\0\0")
            .unwrap();
        assert_eq!(at % 4, 0);
        assert_eq!(&archive[at + 8..at + 14], b"070701");
    }
}
