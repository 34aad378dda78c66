//! Editing a document: set and unset a directive, add and remove a block.
//!
//! An edit changes the bytes of its own lines, in the manner of the lines around them, and cuts the
//! text again; then it looks whether the result says what it was asked for. All other lines keep
//! their bytes. What the directives mean is not looked at: load the result to know.

mod add;
mod lines;
mod locate;
mod path;
mod remove;
mod rewrite;
mod style;
mod words;
#[cfg(feature = "command")]
pub(crate) mod written;

use thiserror::Error;

use crate::Document;
use crate::sink::Sink;

pub use path::{BlockPath, Place};

/// Why a document cannot be edited so. It is as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// A brace is missing or too many, or the file is no text.
    #[error("line {line}: cannot match blocks and braces: correct the file first")]
    Structure {
        /// The first line that leaves it open, from 1.
        line: usize,
    },
    /// No such block.
    #[error("no block `{block}`")]
    NoSuchBlock {
        /// The block that is not there.
        block: String,
    },
    /// Several blocks of that name in one place, and the path does not say
    /// [which](BlockPath::nth).
    #[error("more than one block `{block}`")]
    SeveralBlocks {
        /// What they are called.
        block: String,
    },
    /// A block of that name is there.
    #[error("block `{block}` already exists")]
    BlockExists {
        /// What it is called.
        block: String,
    },
    /// lvs.cf has no way to write this: a line end, or both kinds of quotes together with blanks or,
    /// in a list, with a `]` at the end.
    #[error("cannot write {text:?} in lvs.cf")]
    CannotWrite {
        /// The value or the name.
        text: String,
    },
    /// A directive has at least one value.
    #[error("no value for `{directive}`")]
    NoValue {
        /// Which directive.
        directive: String,
    },
    /// The text would be longer than [`Document::MAX_BYTES`].
    #[error("the file would be longer than 64 MiB")]
    TooLong,
}

impl EditError {
    fn cannot_write(text: &str) -> Self {
        Self::CannotWrite {
            text: text.to_owned(),
        }
    }
}

impl Document {
    /// The blocks that can be edited by name, in file order: each `virtual` and `failover` block,
    /// behind it its `server` blocks. Those that share a name have an [ordinal](BlockPath::nth).
    pub fn blocks(&self) -> Vec<BlockPath<'_>> {
        locate::blocks(self)
    }

    /// The values of `directive` in `place`, without their quotes. If the file says it several
    /// times, the last one counts. `None`: it is not there, or not in a form that can be read.
    ///
    /// # Errors
    /// The place cannot be found for sure.
    pub fn values<'p>(
        &self,
        place: impl Into<Place<'p>>,
        directive: &str,
    ) -> Result<Option<Vec<&str>>, EditError> {
        let scope = locate::scope(self, place.into())?;
        let line = locate::statements(self, scope, directive).pop();
        Ok(line.and_then(|line| rewrite::values(self, line)))
    }

    /// Sets `directive` in `place` to `values`: the line that counts is changed, or else one is
    /// added behind the others of the place.
    ///
    /// On a line that is there only the values are changed; quotes, blanks and a comment behind
    /// stay. A line that is not understood is made a statement. `dirs = [ a b ]` has four values;
    /// a word between the brackets that ends in `]` is quoted, so that it does not end the list.
    ///
    /// # Errors
    /// The place cannot be found for sure, or the values cannot be written.
    pub fn set<'p>(
        &mut self,
        place: impl Into<Place<'p>>,
        directive: &str,
        values: &[&str],
    ) -> Result<(), EditError> {
        let place = place.into();
        if values.is_empty() {
            let directive = directive.to_owned();
            return Err(EditError::NoValue { directive });
        }
        if !words::is_directive(directive) {
            return Err(EditError::cannot_write(directive));
        }
        let scope = locate::scope(self, place)?;
        let splices = match locate::statements(self, scope.clone(), directive).pop() {
            Some(line) => rewrite::statement(self, line, values)?,
            None => vec![add::statement(self, scope, directive, values)?],
        };
        let is_set = |new: &Self| {
            let read = new.values(place, directive);
            read.is_ok_and(|read| read.as_deref() == Some(values))
        };
        self.apply(&splices, is_set)?
            .ok_or_else(|| EditError::cannot_write(&values.join(" ")))
    }

    /// Removes every line of `directive` in `place`, with the comment behind it. False: there was
    /// none.
    ///
    /// # Errors
    /// The place cannot be found for sure.
    pub fn unset<'p>(
        &mut self,
        place: impl Into<Place<'p>>,
        directive: &str,
    ) -> Result<bool, EditError> {
        let scope = locate::scope(self, place.into())?;
        let lines = locate::statements(self, scope, directive);
        if lines.is_empty() {
            return Ok(false);
        }
        let splices = remove::statements(self, &lines);
        self.apply(&splices, |_| true)?;
        Ok(true)
    }

    /// Adds an empty block: a `server` block behind the others of its service, any other behind the
    /// last of the file. An ordinal of its own says nothing here.
    ///
    /// # Errors
    /// There is one of that name, its service cannot be found for sure, or the name cannot be
    /// written.
    pub fn add_block(&mut self, block: BlockPath<'_>) -> Result<(), EditError> {
        let block = block.only();
        match locate::block(self, block) {
            Ok(_) | Err(EditError::SeveralBlocks { .. }) => {
                let block = block.to_string();
                return Err(EditError::BlockExists { block });
            }
            Err(EditError::NoSuchBlock { .. }) => {}
            Err(error) => return Err(error),
        }
        let splice = match block.service() {
            None => add::service(self, block)?,
            Some(service) => {
                let service = locate::block(self, service)?;
                add::server(self, &service, block)?
            }
        };
        self.apply(&[splice], |new| locate::block(new, block).is_ok())?
            .ok_or_else(|| EditError::cannot_write(block.name()))
    }

    /// Removes a block, all in it, and the comments right above it: those that no blank line parts
    /// from it are about it. Between two blank lines, or between a blank line and the end
    /// of what is around it, the blank line above goes too.
    ///
    /// # Errors
    /// The block cannot be found for sure.
    pub fn remove_block(&mut self, block: BlockPath<'_>) -> Result<(), EditError> {
        let lines = locate::block(self, block)?;
        let splices = remove::block(self, lines);
        self.apply(&splices, |_| true)?;
        Ok(())
    }

    /// Makes the changes, in file order, if the result `holds`. `None`: it does not, and nothing
    /// is changed.
    fn apply(
        &mut self,
        splices: &[lines::Splice],
        holds: impl FnOnce(&Self) -> bool,
    ) -> Result<Option<()>, EditError> {
        let source = lines::spliced(self, splices);
        if source.len() > Self::MAX_BYTES {
            return Err(EditError::TooLong);
        }
        let new = Self::parse_into(source, &mut Sink::default());
        if !holds(&new) {
            return Ok(None);
        }
        *self = new;
        Ok(Some(()))
    }
}
