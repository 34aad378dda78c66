//! The heartbeat on the wire, as piranha 0.8.6 sends and takes it.
//!
//! A datagram of exactly four bytes: one state word in the sender's byte order. We write little
//! endian and accept both orders, as routers of both kinds exist.

/// The size of a heartbeat, in bytes.
pub const SIZE: usize = 4;

/// What a router says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// It is active: it carries the floating addresses.
    Running,
    /// It is alive and inactive.
    Stopped,
}

/// A word that may stand in a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// An LVS router's state.
    Lvs(State),
    /// A failover-service router's state, or its order to go inactive: not for us.
    Fos,
    /// Reserved (hold, held): valid, without meaning.
    Reserved,
}

/// Why a datagram is no heartbeat for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not four bytes long.
    #[error("bad heartbeat packet")]
    Size(usize),
    /// A word of the other service kind, or an unknown one.
    #[error("Incompatible heartbeat received -- other system not using identical services")]
    Incompatible,
}

const LVS_RUNNING: u32 = 0xbdad_dbda;
const LVS_STOPPED: u32 = 0xadbd_dabd;
const FOS_RUNNING: u32 = 0xbeef_babe;
const FOS_STOPPED: u32 = 0xdead_beef;
const FOS_GO_INACTIVE: u32 = 0xdead_dada;
const HOLD: u32 = 0xdeaf_babe;
const HELD: u32 = 0xdeaf_dada;

/// The datagram that announces `state`.
#[must_use]
pub fn encode(state: State) -> [u8; SIZE] {
    let word = match state {
        State::Running => LVS_RUNNING,
        State::Stopped => LVS_STOPPED,
    };
    word.to_le_bytes()
}

/// Reads a datagram: the partner's state, or `None` for a reserved word.
///
/// # Errors
/// [`Error::Size`] for any other length than four bytes, [`Error::Incompatible`] for every word
/// that is not an LVS router's.
pub fn decode(datagram: &[u8]) -> Result<Option<State>, Error> {
    let bytes: [u8; SIZE] = datagram
        .try_into()
        .map_err(|_| Error::Size(datagram.len()))?;
    let word = known(u32::from_le_bytes(bytes)).or_else(|| known(u32::from_be_bytes(bytes)));
    match word {
        Some(Word::Lvs(state)) => Ok(Some(state)),
        Some(Word::Reserved) => Ok(None),
        Some(Word::Fos) | None => Err(Error::Incompatible),
    }
}

/// The meaning of a word in host order.
fn known(word: u32) -> Option<Word> {
    match word {
        LVS_RUNNING => Some(Word::Lvs(State::Running)),
        LVS_STOPPED => Some(Word::Lvs(State::Stopped)),
        FOS_RUNNING | FOS_STOPPED | FOS_GO_INACTIVE => Some(Word::Fos),
        HOLD | HELD => Some(Word::Reserved),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_are_those_of_an_x86_router_of_0_8_6() {
        assert_eq!(encode(State::Running), [0xda, 0xdb, 0xad, 0xbd]);
        assert_eq!(encode(State::Stopped), [0xbd, 0xda, 0xbd, 0xad]);
    }

    #[test]
    fn both_byte_orders_are_understood() {
        for (word, meaning) in [
            (0xbdad_dbda_u32, Ok(Some(State::Running))),
            (0xadbd_dabd, Ok(Some(State::Stopped))),
            (0xbeef_babe, Err(Error::Incompatible)),
            (0xdead_beef, Err(Error::Incompatible)),
            (0xdead_dada, Err(Error::Incompatible)),
            (0xdeaf_babe, Ok(None)),
            (0xdeaf_dada, Ok(None)),
            (0, Err(Error::Incompatible)),
        ] {
            assert_eq!(
                decode(&word.to_le_bytes()),
                meaning,
                "{word:#x}, little endian"
            );
            assert_eq!(
                decode(&word.to_be_bytes()),
                meaning,
                "{word:#x}, big endian"
            );
        }
    }

    #[test]
    fn no_other_length_is_a_heartbeat() {
        for length in [0, 1, 3, 5, 8, 1500] {
            assert_eq!(decode(&vec![0xda; length]), Err(Error::Size(length)));
        }
    }

    proptest! {
        #[test]
        fn only_the_two_words_say_anything(bytes: Vec<u8>) {
            if let Ok(Some(state)) = decode(&bytes) {
                let mut swapped = encode(state);
                swapped.reverse();
                prop_assert!(bytes == encode(state) || bytes == swapped);
            }
        }
    }
}
