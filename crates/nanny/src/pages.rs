//! Room for what may be large: pages of its own, which go back to the system when it is dropped.
//! The allocator would keep them, in each of thousands of nannies, for a reply that came once.

use std::io;
use std::ops::Deref;

use memmap2::MmapMut;

/// Bytes up to a bound. Only those that are there take memory.
#[derive(Debug, Default)]
pub struct Pages {
    /// Made when the first byte comes.
    map: Option<MmapMut>,
    length: usize,
    most: usize,
}

impl Pages {
    /// Room for so many bytes at most.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            map: None,
            length: 0,
            most,
        }
    }

    /// Adds as many bytes as there is room for: how many those are. Where the system has no memory
    /// there is no room.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.most - self.length);
        if count == 0 {
            return 0;
        }
        let Ok(free) = self.free() else {
            return 0;
        };
        free[..count].copy_from_slice(&bytes[..count]);
        self.length += count;
        count
    }

    /// Has the room that is left filled by `read`, which says how many bytes it gave.
    ///
    /// # Errors
    /// What `read` said; or there is no memory.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        let count = read(self.free()?)?;
        self.length += count.min(self.most - self.length);
        Ok(())
    }

    fn free(&mut self) -> io::Result<&mut [u8]> {
        let map = match self.map.take() {
            Some(map) => map,
            None => MmapMut::map_anon(self.most)?,
        };
        // The length never exceeds that of the map.
        Ok(&mut self.map.insert(map)[self.length..])
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_ref().map_or(&[], |map| &map[..self.length])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_what_there_is_room_for() {
        let mut pages = Pages::new(5);
        assert_eq!(&*pages, b"");
        assert_eq!(pages.push(b""), 0);
        assert_eq!(pages.push(b"abc"), 3);
        assert_eq!(pages.push(b"def"), 2);
        assert_eq!(pages.push(b"g"), 0);
        assert_eq!(&*pages, b"abcde");
        assert_eq!(Pages::new(0).push(b"x"), 0);
    }

    #[test]
    fn it_is_filled_by_a_reader() {
        let mut pages = Pages::new(100_000);
        let read = |room: &mut [u8]| {
            assert_eq!(room.len(), 100_000);
            room[..2].copy_from_slice(b"ab");
            Ok(2)
        };
        pages.fill(read).expect("there is memory");
        assert_eq!(&*pages, b"ab");
        pages.push(b"c");
        let refuse = |_: &mut [u8]| Err(io::ErrorKind::WouldBlock.into());
        assert!(pages.fill(refuse).is_err());
        assert_eq!(&*pages, b"abc");
    }
}
