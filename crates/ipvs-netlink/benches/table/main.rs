//! Filling, reading, comparing and emptying large tables, each case in a guest of its own: deleted
//! destinations slow down every later addition for minutes, so no case may follow another.
//!
//! `cargo xtask bench ipvs` runs this and makes a table of what it prints.

mod bulk;
mod cases;
mod world;

use std::time::Duration;

use lab::{Error, HostPlan, Lab, Topology};

use crate::cases::{CASES, Case, Figures};
use crate::world::{WORLDS, World};

/// How long one case may take: the slowest is the largest table by `ipvsadm -R`.
const BOUND: Duration = Duration::from_secs(180);

fn main() {
    // The lab starts this program again, inside, with the name of the case to play.
    let mut arguments = std::env::args().skip_while(|argument| argument != "--exact");
    if let Some(name) = arguments.nth(1) {
        return find_and_play(&name);
    }
    // Part of a name plays those that have it: `cargo bench --bench table -- 10000::dump`.
    let part = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let part = part.unwrap_or_default();
    for world in &WORLDS {
        // Once each: in virtual time, again would give the same.
        for case in &CASES {
            let name = format!("{}::{}", world.name, case.name);
            if name.contains(&part) {
                play(world, case, &name);
            }
        }
    }
}

/// Plays the case of this name; prints nothing the lab could take for success if there is none.
fn find_and_play(name: &str) {
    let mut parts = name.split("::");
    let (world, case) = (parts.next(), parts.next());
    let world = WORLDS.iter().find(|known| Some(known.name) == world);
    let case = CASES.iter().find(|known| Some(known.name) == case);
    if let (Some(world), Some(case)) = (world, case) {
        play(world, case, name);
    }
}

/// Plays a case in a guest and prints its figures.
fn play(world: &'static World, case: &'static Case, name: &str) {
    lab::scenario_in_guest(name, BOUND, |lab: &mut Lab| {
        lab.build(&Topology::new().host(HostPlan::new("lvs")))?;
        let run = || (case.run)(world).map_err(|error| error.to_string());
        let Figures { wall, cpu } = lab.host("lvs")?.inside(run).map_err(Error::broken)?;
        lab.measured("wall", format!("{:.2}", wall.as_secs_f64() * 1e3), "ms")?;
        lab.measured("cpu", format!("{:.2}", cpu.as_secs_f64() * 1e3), "ms")
    });
}
