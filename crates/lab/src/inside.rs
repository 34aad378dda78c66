//! The inner side of a scenario: play the story, clean up, write down how it went, and exit.

use crate::error::{Error, Result, chain};
use crate::lab::Lab;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What the scenario said: the kernel it ran on, what it measured.
pub(crate) const SAID: &str = "said";
/// One word, or why the story failed.
pub(crate) const OUTCOME: &str = "outcome";
/// That word.
pub(crate) const PASSED: &str = "passed";

/// Plays a story and ends the process. The outcome file tells the outer side.
pub(crate) fn play(name: &str, dir: &Path, story: impl FnOnce(&mut Lab) -> Result<()>) -> ! {
    let panics = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&panics);
    let before = std::panic::take_hook();
    set_hook(Box::new(move |info| {
        // The first one is the cause; what follows is usually its echo in another thread.
        let mut first = seen.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_empty() {
            *first = info.to_string();
        }
        drop(first);
        before(info);
    }));
    let outcome = catch_unwind(AssertUnwindSafe(|| -> Result<(), String> {
        let mut lab = Lab::new(name, dir).map_err(|error| chain(&error))?;
        let told = catch_unwind(AssertUnwindSafe(|| story(&mut lab)));
        let told = match told {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(chain(&error)),
            Err(payload) => Err(panic_text(&panics, payload.as_ref())),
        };
        let cleaned = lab
            .clean_up()
            .map_err(|error| format!("clean-up: {}", chain(&error)));
        told.and(cleaned)
    }));
    let outcome = outcome.unwrap_or_else(|payload| Err(panic_text(&panics, payload.as_ref())));
    let (text, status) = match outcome {
        Ok(()) => (PASSED.to_owned(), 0),
        Err(message) => (message, 101),
    };
    if let Err(error) = write(dir, &text) {
        eprintln!("lab: {}", chain(&error));
        std::process::exit(102);
    }
    std::process::exit(status);
}

fn panic_text(panics: &Mutex<String>, payload: &(dyn Any + Send)) -> String {
    let text = panics
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let words = payload.downcast_ref::<&str>().map(ToString::to_string);
    let words = words.or_else(|| payload.downcast_ref::<String>().cloned());
    if text.is_empty() {
        words.unwrap_or_else(|| "panicked".to_owned())
    } else {
        text
    }
}

fn write(dir: &Path, text: &str) -> Result<()> {
    let path = dir.join(OUTCOME);
    std::fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))
}
