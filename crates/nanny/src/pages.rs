//! A buffer for large data in memory pages of its own, which are unmapped when it is dropped. The
//! allocator would keep the memory of a single large reply, in each of thousands of nannies.

use std::io;
use std::ops::Deref;

use memmap2::MmapMut;

/// A buffer with a fixed capacity. Only the used part takes memory.
#[derive(Debug, Default)]
pub struct Pages {
    /// Mapped when the first byte is added.
    map: Option<MmapMut>,
    length: usize,
    capacity: usize,
}

impl Pages {
    /// Creates an empty buffer. Maps nothing yet.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            map: None,
            length: 0,
            capacity,
        }
    }

    /// Appends as many bytes as fit, and returns their number: 0 if the system has no memory left.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.capacity - self.length);
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

    /// Passes the free part to `read`, which fills it and returns the number of bytes.
    ///
    /// # Errors
    /// The error of `read`; or there is no memory.
    pub fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<()> {
        let count = read(self.free()?)?;
        self.length += count.min(self.capacity - self.length);
        Ok(())
    }

    fn free(&mut self) -> io::Result<&mut [u8]> {
        let map = match self.map.take() {
            Some(map) => map,
            None => MmapMut::map_anon(self.capacity)?,
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
    fn push_appends_what_fits() {
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
    fn fill_appends_bytes_of_reader() {
        let mut pages = Pages::new(100_000);
        let read = |room: &mut [u8]| {
            assert_eq!(room.len(), 100_000);
            room[..2].copy_from_slice(b"ab");
            Ok(2)
        };
        pages.fill(read).expect("memory is available");
        assert_eq!(&*pages, b"ab");
        pages.push(b"c");
        let refuse = |_: &mut [u8]| Err(io::ErrorKind::WouldBlock.into());
        assert!(pages.fill(refuse).is_err());
        assert_eq!(&*pages, b"abc");
    }
}
