//! Reads the files of the rwho daemon: `/var/spool/rwho/whod.HOST` holds the last packet from that
//! host (`struct whod` of `<protocols/rwhod.h>`), in this host's byte order.

use std::fs::{DirEntry, File, OpenOptions};
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use nix::libc;

use super::Load;

/// Directory of the files.
pub const SPOOL: &str = "/var/spool/rwho";

/// Maximum age of a record; the host of an older one may be down (ruptime(1)).
pub const FRESH: Duration = Duration::from_secs(11 * 60);

/// Length of the fixed part of a record; the logged-in users follow.
const HEADER: usize = 60;

/// Maximum number of entries to read: any host on the network can make rwhod write files.
const MOST_FILES: usize = 10_000;

/// Result of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// The load.
    Load(Load),
    /// The record is stale, or not a status record.
    Unusable,
    /// No record.
    Nothing,
}

/// The used fields of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Time of receipt by this host's clock: seconds since 1970, modulo 2^32.
    pub received: u32,
    /// The one-minute load average in hundredths.
    pub hundredths: i32,
}

impl Record {
    /// Decodes the first bytes of a file; `None` if it is not a status record.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        const VERSION: u8 = 1;
        const STATUS: u8 = 1;
        let header: &[u8; HEADER] = bytes.first_chunk()?;
        if header[0] != VERSION || header[1] != STATUS {
            return None;
        }
        let word = |at: usize| header[at..].first_chunk().copied();
        Some(Self {
            received: u32::from_ne_bytes(word(8)?),
            hundredths: i32::from_ne_bytes(word(44)?),
        })
    }

    /// The load at `now`, in time since 1970, unless the record is stale. A record from the future
    /// is accepted for as long: the clock may have been set back a little.
    #[must_use]
    pub fn load(self, now: Duration) -> Option<Load> {
        // Truncated like the record's time, which survives the year 2106.
        let now = now.as_secs() as u32;
        let age = now.wrapping_sub(self.received).cast_signed();
        if u64::from(age.unsigned_abs()) > FRESH.as_secs() {
            return None;
        }
        Load::new(f64::from(self.hundredths) / 100.0)
    }
}

/// Searches `spool` for the load at `now` of a host with one of `names`.
///
/// # Errors
/// The spool cannot be read: [`io::ErrorKind::NotFound`] if it does not exist.
pub fn find(spool: &Path, names: &[String], now: Duration) -> io::Result<Found> {
    let mut found = Found::Nothing;
    for entry in std::fs::read_dir(spool)?.take(MOST_FILES) {
        let entry = entry?;
        if !names.iter().any(|name| is_of(&entry, name)) {
            continue;
        }
        // An unreadable file counts as unusable: it may have been removed just now.
        let record = read(&entry.path()).ok().flatten();
        match record.and_then(|record| record.load(now)) {
            Some(load) => return Ok(Found::Load(load)),
            None => found = Found::Unusable,
        }
    }
    Ok(found)
}

/// Whether a file belongs to the host `name`. rwhod sends host names up to their first dot.
fn is_of(entry: &DirEntry, name: &str) -> bool {
    let file = entry.file_name();
    let Some(host) = file.to_str().and_then(|file| file.strip_prefix("whod.")) else {
        return false;
    };
    let is_address = name.parse::<IpAddr>().is_ok();
    let label = match name.split_once('.') {
        Some((label, _)) if !is_address => label,
        _ => name,
    };
    host.eq_ignore_ascii_case(name) || host.eq_ignore_ascii_case(label)
}

/// Reads a record. The spool belongs to rwhod's user: do not block on files that are not regular,
/// and do not follow links.
fn read(path: &Path) -> io::Result<Option<Record>> {
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut header = Vec::with_capacity(HEADER);
    file.take(HEADER as u64).read_to_end(&mut header)?;
    Ok(Record::decode(&header))
}

#[cfg(test)]
mod tests;
