//! From the start of lvsd to the last of its real servers in the table, beside what that stands on:
//! the monitors alone, and the start of as many programs. Each case in a guest of its own.
//!
//! `cargo xtask bench lvsd` runs this and makes a table of what it prints.

mod cases;
mod site;

use std::time::Duration;

use lab::Lab;

use crate::cases::{CASES, Case};
use crate::site::Site;

/// How many real servers there are.
const SIZES: [usize; 1] = [200];
/// How long one case may take.
const BOUND: Duration = Duration::from_secs(180);

fn main() {
    // The lab starts this program again, inside, with the name of the case to play.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--exact");
    if let Some(name) = arguments.nth(1) {
        return find_and_play(&name);
    }
    // Part of a name plays those that have it: `cargo bench -p lvsd --bench start -- 200::lvsd`.
    let part = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let part = part.unwrap_or_default();
    for size in SIZES {
        // Once each: in virtual time, again would give the same.
        for case in &CASES {
            let name = format!("{size}::{}", case.name);
            if name.contains(&part) {
                play(size, case, &name);
            }
        }
    }
}

/// Plays the case of this name; prints nothing the lab could take for success if there is none.
fn find_and_play(name: &str) {
    let mut parts = name.split("::");
    let (size, case) = (parts.next(), parts.next());
    let size = size.and_then(|size| size.parse().ok());
    let case = CASES.iter().find(|known| Some(known.name) == case);
    if let (Some(size), Some(case)) = (size, case) {
        play(size, case, name);
    }
}

/// Plays a case in a guest and prints its figure.
fn play(size: usize, case: &'static Case, name: &str) {
    lab::scenario_in_guest(name, BOUND, |lab: &mut Lab| {
        let site = Site::build(lab, size)?;
        let took = (case.run)(&site)?;
        lab.measured("took", format!("{:.0}", took.as_secs_f64() * 1e3), "ms")
    });
}
