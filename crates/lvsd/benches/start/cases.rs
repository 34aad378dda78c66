//! What is timed.

use std::fmt::Write as _;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Error, Program, Result};

use crate::site::{Site, VIP};

/// One thing to time.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Site) -> Result<Duration>,
}

const fn case(name: &'static str, run: fn(&Site) -> Result<Duration>) -> Case {
    Case { name, run }
}

/// All cases, in the order they are played.
pub(crate) const CASES: [Case; 3] = [
    case("lvsd", lvsd),
    case("monitors", monitors),
    case("programs", programs),
];

/// lvsd, as pulse starts it: it makes the service and starts the monitors.
fn lvsd(site: &Site) -> Result<Duration> {
    let path = site.router.dir().join("lvs.cf");
    std::fs::write(&path, configuration(site)?).map_err(failed("write lvs.cf"))?;
    let program = Program::new("lvsd", Site::program("lvsd")?)
        .args(["--nofork", "-c"])
        .arg(path);
    let start = Instant::now();
    let _lvsd = site.router.start(program)?;
    site.all_in(start)
}

/// The same monitors, started one after the other by a program that does nothing else, for a service
/// that is there.
fn monitors(site: &Site) -> Result<Duration> {
    let service = format!("{VIP}:80");
    site.router
        .tool(&["ipvsadm", "-A", "-t", &service, "-s", "wlc"])?;
    let nanny = Site::program("nanny")?;
    let servers: Vec<_> = site.servers().map(|server| server.to_string()).collect();
    let start = Instant::now();
    let herd = site.router.inside(move || {
        let start_one = |server| {
            Command::new(&nanny)
                .args(["-c", "-h", server, "-p", "80", "-r", "80", "-a", "60"])
                .args(["-t", "60", "-w", "1", "-V", &VIP.to_string(), "-M", "m"])
                .args(["-U", "none", "--nodaemon", "--lvs"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
        };
        let servers = servers.iter().map(String::as_str);
        servers.map(start_one).collect::<io::Result<Vec<_>>>()
    });
    // The lab ends and reaps them.
    let _herd = herd.map_err(failed("start a monitor"))?;
    site.all_in(start)
}

/// As many runs of that program, one after the other, in which it tells its version.
fn programs(site: &Site) -> Result<Duration> {
    let nanny = Site::program("nanny")?;
    let size = site.size;
    let took = site.router.inside(move || {
        let start = Instant::now();
        for _ in 0..size {
            Command::new(&nanny)
                .arg("--version")
                .stdout(Stdio::null())
                .status()?;
        }
        Ok(start.elapsed())
    });
    took.map_err(failed("run nanny --version"))
}

/// The site as lvs.cf has it.
fn configuration(site: &Site) -> Result<String> {
    let monitor = Site::program("nanny")?;
    let mut text = format!(
        "\
primary = 10.0.0.1
service = lvs
network = nat
nat_router = 10.0.0.254 eth0:1
virtual vs1 {{
 active = 1
 address = {VIP} eth0:2
 port = 80
 scheduler = wlc
 load_monitor = none
 timeout = 60
 reentry = 60
 client_monitor = {}
",
        monitor.display()
    );
    for (server, number) in site.servers().zip(1..) {
        let _ = writeln!(
            text,
            " server rs{number} {{\n  address = {server}\n  active = 1\n }}"
        );
    }
    text.push_str("}\n");
    Ok(text)
}

fn failed(doing: &str) -> impl FnOnce(io::Error) -> Error {
    let doing = doing.to_owned();
    move |source| Error::Io { doing, source }
}
