//! What the checks share: running ipvsadm, comparing, a small random generator.

use std::error::Error;
use std::fmt::Debug;
use std::io::Write;
use std::process::{Command, Stdio};

use ipvs_netlink::Client;
use lab::Host;

/// How a check ended.
pub(super) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Runs a check on `host`: it begins with an empty table, and what it leaves is cleared.
pub(super) fn check<T: Send + 'static>(
    host: &Host,
    what: &str,
    check: fn(&mut Client) -> Outcome<T>,
) -> lab::Result<T> {
    let run = move || -> Outcome<T> {
        let mut client = Client::open()?;
        let value = check(&mut client)?;
        client.flush()?;
        Ok(value)
    };
    host.inside(move || run().map_err(|error| error.to_string()))
        .map_err(|error| lab::Error::broken(format!("{what}: {error}")))
}

/// The output of `ipvsadm` with these arguments and input; an error if it fails.
pub(super) fn ipvsadm(arguments: &[&str], input: &str) -> Outcome<String> {
    run("ipvsadm", arguments, input)
}

/// Has a shell run these lines; an error if one of them fails.
pub(super) fn shell(lines: &str) -> Outcome<String> {
    run("sh", &["-eu"], lines)
}

fn run(program: &str, arguments: &[&str], input: &str) -> Outcome<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() || !complaint.is_empty() {
        return Err(format!("{program} {arguments:?}: {}: {complaint}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// An error that shows both sides unless they are equal.
pub(super) fn equal<T: PartialEq + Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: found {found:#?}, expected {expected:#?}").into())
    }
}

/// An error that shows both texts unless they are equal.
pub(super) fn same_text(what: &str, found: &str, expected: &str) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}\n--- found\n{found}--- expected\n{expected}").into())
    }
}

/// A generator of pseudo-random numbers (xorshift64), so that a failure can be repeated.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 33) % u64::from(limit)) as u32
    }

    /// One of some values.
    pub(super) fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u32) as usize]
    }
}
