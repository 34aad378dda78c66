//! `bench`: figures beside those of others, each from one run of both.

mod cluster;
mod figures;
mod ipvs;
mod lvs_cf;
mod lvsd;
mod nanny;

use anyhow::{Result, bail};
use std::ffi::OsString;

/// A benchmark: its name, what it times, and the function that does it.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn() -> Result<()>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "cluster",
        about: "takeover, stop, start of 300 real servers, memory: what the tests assert, in the lab",
        run: cluster::main,
    },
    Bench {
        name: "ipvs",
        about: "making, reading and comparing large IPVS tables, in the lab",
        run: ipvs::main,
    },
    Bench {
        name: "lvs-cf",
        about: "checking large files, beside keepalived, on this machine",
        run: lvs_cf::main,
    },
    Bench {
        name: "lvsd",
        about: "start of hundreds of monitors until all servers are in the table, in the lab",
        run: lvsd::main,
    },
    Bench {
        name: "nanny",
        about: "memory, processor time and start of thousands of monitors, on this machine",
        run: nanny::main,
    },
];

/// Runs the one that is named.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    if let [mode, command @ ..] = args
        && mode == lvs_cf::MEASURE
    {
        return lvs_cf::measure(command);
    }
    let found = match args {
        [name] => BENCHES.iter().find(|bench| *name == bench.name),
        _ => None,
    };
    match found {
        Some(bench) => (bench.run)(),
        None => bail!("which benchmark?\n{}", usage()),
    }
}

fn usage() -> String {
    let mut text = String::from("usage: cargo xtask bench NAME\n");
    for Bench { name, about, .. } in BENCHES {
        text.push_str(&format!("  {name:<7} {about}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_benchmark_is_refused_and_the_known_ones_are_listed() {
        for args in [vec![], vec!["dust".into()], vec!["ipvs".into(), "x".into()]] {
            let error = main(&args).unwrap_err().to_string();
            assert!(error.contains("ipvs"), "{error}");
        }
    }
}
