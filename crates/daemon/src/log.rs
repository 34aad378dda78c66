//! Writes log events (`tracing`) to syslog, to stdout, or to both.
//!
//! A daemon defines its lines in one `Message` enum and logs them with the `tracing` macros; this
//! subscriber writes only the message field of an event, so that a line in the log is exactly the
//! line in the enum, without errno numbers. Spans are not used. A slow reader loses lines, and a
//! later line reports how many; the daemon hardly blocks: syslog never, stdout for at most one
//! timeout per stall of the reader.

mod stdout;
mod syslog;

use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::exit::strip_errno;

use self::stdout::Stdout;
use self::syslog::Syslog;

/// Maximum length of a message in bytes; the rest is cut off. RFC 3164 limits the packet to 1,024,
/// but every syslog daemon in use accepts more.
const LONGEST_MESSAGE: usize = 4000;

/// Outputs of a daemon's log.
#[derive(Debug, Clone, Copy)]
pub struct Logging {
    /// The name in syslog.
    pub ident: &'static str,
    /// Write `PREFIX: MESSAGE` lines to stdout, with this prefix.
    pub stdout: Option<&'static str>,
    /// Write to syslog, facility daemon, with the process id.
    pub syslog: bool,
    /// Whether debug events are written; otherwise those of level info and above.
    pub verbose: bool,
}

impl Logging {
    /// Installs this as the log of the process. Later calls have no effect.
    pub fn install(self) {
        let sinks = Sinks {
            stdout: self.stdout.map(Stdout::new),
            syslog: self
                .syslog
                .then(|| Syslog::new(self.ident, syslog::SOCKET.as_ref())),
        };
        let max = if self.verbose {
            LevelFilter::DEBUG
        } else {
            LevelFilter::INFO
        };
        let _ = tracing::subscriber::set_global_default(Log {
            sinks: Mutex::new(sinks),
            max,
        });
    }
}

/// The open outputs.
struct Sinks {
    stdout: Option<Stdout>,
    syslog: Option<Syslog>,
}

/// The subscriber.
struct Log {
    sinks: Mutex<Sinks>,
    max: LevelFilter,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.max
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.max)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let text = clean(&strip_errno(&line.0));
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stdout) = &mut sinks.stdout {
            stdout.write(&text);
        }
        if let Some(syslog) = &mut sinks.syslog {
            syslog.write(*event.metadata().level(), &text);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Collects the message field of an event.
#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a String cannot fail; a failing Display loses its own line only.
            let _ = write!(self.0, "{value:?}");
        }
    }
}

/// The message as one printable line: text from a peer or a child must not be able to forge another
/// line.
fn clean(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    for c in message.chars() {
        if text.len() >= LONGEST_MESSAGE {
            text.push_str("...");
            break;
        }
        match c {
            '\t' => text.push(' '),
            c if c.is_control() => {
                let _ = write!(text, "\\x{:02x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

/// The syslog severity (RFC 5424, table 2) of a level.
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_cannot_forge_another_line() {
        assert_eq!(
            clean("one\n<13>two\tthree\u{1b}"),
            "one\\x0a<13>two three\\x1b"
        );
    }

    #[test]
    fn truncates_long_message() {
        let text = clean(&"x".repeat(1 << 20));
        assert_eq!(text.len(), LONGEST_MESSAGE + 3);
        assert!(text.ends_with("..."));
    }

    #[test]
    fn maps_levels_to_severities() {
        let all = [
            Level::ERROR,
            Level::WARN,
            Level::INFO,
            Level::DEBUG,
            Level::TRACE,
        ];
        assert_eq!(all.map(severity), [3, 4, 6, 7, 7]);
    }
}
