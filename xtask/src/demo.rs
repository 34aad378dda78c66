//! `demo`: the HOWTO's cluster, its failover and its return, on this terminal in half a minute.

use crate::run::{cargo, run, target_dir};
use crate::setup;
use anyhow::{Context, Result, ensure};
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The programs shown, the lab's own, and the story.
const PROGRAMS: &[&str] = &["pulse", "lvsd", "nanny", "lab", "scenarios"];
/// The story's name: that of its program, and of the directory of its logs.
const STORY: &str = "demo";
/// The file there that the story writes for the terminal.
const NARRATION: &str = "narration";
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Sets up, builds, plays the story, and shows it as it goes.
pub(crate) fn main(args: &[OsString]) -> Result<()> {
    ensure!(args.is_empty(), "demo takes no arguments");
    setup::lab()?;
    let packages = PROGRAMS.iter().flat_map(|program| ["-p", *program]);
    run(cargo().args(["build", "--release"]).args(packages))?;
    eprintln!("xtask: starting the lab");
    let start = Instant::now();
    let mut out = std::io::stdout().lock();
    let status = play(&target_dir()?, &mut out)?;
    ensure!(status.success(), "the demo failed ({status})");
    let took = start.elapsed().as_secs_f32();
    writeln!(
        out,
        "\nAll promises were kept. It took {took:.1} s, the start of the lab included."
    )
    .context("cannot show the demo")
}

/// Plays the story with the programs in `target`, and copies what it tells to `out`.
fn play(target: &Path, out: &mut impl Write) -> Result<ExitStatus> {
    let release = target.join("release");
    let given =
        |name: &str, otherwise: PathBuf| std::env::var_os(name).map_or(otherwise, PathBuf::from);
    let logs = given("LAB_LOG_DIR", target.join("lab"));
    let narration = logs.join(STORY).join(NARRATION);
    match std::fs::remove_file(&narration) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", narration.display()));
        }
        _ => {}
    }
    let mut story = Command::new(release.join(STORY))
        .env("LVS_BIN_DIR", given("LVS_BIN_DIR", release.clone()))
        .env("LAB_BIN_DIR", given("LAB_BIN_DIR", release.clone()))
        .env("LAB_LOG_DIR", &logs)
        .stdin(Stdio::null())
        // The lab's own remarks.
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", release.join(STORY).display()))?;
    let told = tell(&mut story, &mut Narration::new(narration), out);
    if told.is_err() {
        // Nobody listens any more. What the story started ends with it.
        let _ = story.kill();
        let _ = story.wait();
    }
    told.context("cannot show the demo")
}

/// Copies the narration until the story has ended.
fn tell(
    story: &mut Child,
    narration: &mut Narration,
    out: &mut impl Write,
) -> std::io::Result<ExitStatus> {
    loop {
        // Asked first: what was told before the end is in the file by now.
        let ended = story.try_wait()?;
        narration.copy_new(out)?;
        if let Some(status) = ended {
            return Ok(status);
        }
        std::thread::sleep(LOOK);
    }
}

/// A file that grows.
struct Narration {
    path: PathBuf,
    shown: u64,
}

impl Narration {
    fn new(path: PathBuf) -> Self {
        Narration { path, shown: 0 }
    }

    /// Copies what was added since the last time. A file that does not exist yet is empty.
    fn copy_new(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        let mut file = match File::open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        file.seek(SeekFrom::Start(self.shown))?;
        let mut new = Vec::new();
        file.read_to_end(&mut new)?;
        self.shown += new.len() as u64;
        out.write_all(&new)?;
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narration_is_shown_once_and_whole() {
        let path = std::env::temp_dir().join(format!("xtask-narration-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let mut narration = Narration::new(path.clone());
        let mut out = Vec::new();
        narration.copy_new(&mut out).unwrap();
        assert_eq!(out, b"", "there is no file yet");
        let mut file = File::create(&path).unwrap();
        for part in ["one\nt", "wo\n", ""] {
            file.write_all(part.as_bytes()).unwrap();
            narration.copy_new(&mut out).unwrap();
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(out, b"one\ntwo\n");
    }

    #[test]
    fn a_listener_that_is_gone_ends_the_story() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(ErrorKind::BrokenPipe.into())
            }
        }
        let mut story = Command::new("sleep").arg("60").spawn().unwrap();
        let mut narration = Narration::new("/proc/self/status".into());
        let told = tell(&mut story, &mut narration, &mut Gone);
        assert_eq!(told.unwrap_err().kind(), ErrorKind::BrokenPipe);
        story.kill().unwrap();
        story.wait().unwrap();
    }
}
