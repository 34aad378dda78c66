//! The lossless document: every byte of the file.

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    source: Vec<u8>,
}

impl Document {
    pub(crate) fn new(source: Vec<u8>) -> Self {
        Self { source }
    }

    /// The file's bytes, unchanged.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.source.clone()
    }
}
