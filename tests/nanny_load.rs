//! Weights by load, from each source of load data: sshd, rwhod, rpc.rstatd asked directly and by
//! rup(1). The load is real: what rs1 reports is what its processor has to do.

use lab::{Error, Host, Process, Program, Result};
use scenarios::one_router::{OneRouter, VIRTUAL};
use scenarios::real_servers::{self, real_server_program};
use std::net::SocketAddr;
use std::time::Duration;

const BOUND: Duration = Duration::from_secs(240);
const SOON: Duration = Duration::from_secs(20);
/// The weight changes every 20 s, a source has its time to answer, and a busy machine, whose guest is
/// never quite idle, more than one try.
const STEP: Duration = Duration::from_secs(100);
/// What is assigned.
const WEIGHT: i64 = 100;
/// What is found in the table, so that no slow start comes first: there is room above and below.
const FOUND: i64 = 500;
/// The number of vfork(2) on x86-64.
const SYS_VFORK: u32 = 58;
/// Number of processes that make the load.
const LOAD: usize = 10;

/// Between two looks: looking all the time would be load itself.
fn seldom() {
    std::thread::sleep(Duration::from_millis(500));
}

/// Makes load without work: each process waits uninterruptibly, in vfork(2), for a child that
/// sleeps. Linux counts it in the load average as it counts one that wants the processor.
fn make_load(host: &Host) -> Result<Vec<Process>> {
    let waiting = format!("syscall({SYS_VFORK}) == 0 and sleep 1000");
    let waiting = Program::new("waiting", "perl").args(["-e", &waiting]);
    (0..LOAD).map(|_| host.start(waiting.clone())).collect()
}

/// The one-minute load average of the guest, which all of its hosts report.
fn load(host: &Host) -> Result<f64> {
    let text = host.read_file("/proc/loadavg")?;
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    first.ok_or_else(|| Error::broken(format!("no load in {text}")))
}

/// Whether a nanny has set a weight that is higher than the one before.
fn rose(nanny: &Process) -> bool {
    let mut last = FOUND;
    nanny.log().lines().iter().any(|line| {
        let weight = line.text.rsplit_once(" is now ").map(|(_, word)| word);
        let weight = weight.and_then(|word| word.parse().ok());
        let rose = weight.is_some_and(|weight| weight > last);
        last = weight.unwrap_or(last);
        rose
    })
}

#[test]
fn weights_follow_the_load_that_each_source_tells() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        let (router, rs1) = (lab.router()?, lab.host("rs1")?);
        real_servers::name_hosts(&router, "10.0.0.11 rs1\n")?;
        let (_sshd, keys) = real_servers::start_sshd(&rs1)?;
        let key = real_servers::make_key(&router, "root_key")?;
        std::fs::copy(key.with_extension("pub"), &keys).map_err(|source| Error::Io {
            doing: "let root in".to_owned(),
            source,
        })?;
        real_servers::start_rwhod(&router, "lvs1")?;
        real_servers::start_rwhod(&rs1, "rs1")?;
        let _rpcbind = real_servers::start_rstatd(&lab, &rs1)?;

        let ssh = format!(
            "{} -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
            real_server_program("ssh")?.display(),
            key.display()
        );
        let rup = real_server_program("rup")?.display().to_string();
        let sources = [
            ("ssh", ssh.as_str()),
            ("the spool of rwhod", "ruptime"),
            ("rstatd", "rup"),
            ("the program rup", &rup),
        ];
        // One service each: the kernel keeps their destinations apart.
        let mut nannies = Vec::new();
        for ((what, word), port) in sources.into_iter().zip(1000..) {
            lab.make_service(&format!("-t 1.2.3.1:{port}"))?;
            lab.ipvsadm(&format!(
                "-a -t 1.2.3.1:{port} -r 10.0.0.11:111 -m -w {FOUND}"
            ))?;
            let port = port.to_string();
            // Not in step with the kernel, which looks every 5 s who is running; and of the port
            // mapper, which starts nothing for a connection.
            let often = ["-t", "15", "--interval", "7"];
            let own = ["-p", &port, "-r", "111", "-w", "100", "-v", "-U", word];
            let arguments = often.into_iter().chain(own);
            let nanny = lab.start_nanny_with(1, arguments)?;
            nanny.wait_line("found 10.0.0.11:111 in the table with weight 500", SOON)?;
            nannies.push((what, nanny));
        }
        let weights = || -> Result<Vec<i64>> {
            let table = router.ipvs()?;
            // In the order of the sources; the kernel has an order of its own.
            let services = (1000..).take(nannies.len()).map(|port| {
                let service = table.tcp(SocketAddr::from((VIRTUAL, port)))?;
                Some(service.destinations.first()?.weight)
            });
            let weights: Option<Vec<i64>> = services.collect();
            weights.ok_or_else(|| Error::broken(format!("a server is not in\n{table}")))
        };
        let told = |when: &str| -> Result<Vec<i64>> {
            let weights = weights()?;
            for ((what, _), weight) in nannies.iter().zip(&weights) {
                lab.measured(&format!("weight by {what}, {when}"), weight, "")?;
            }
            Ok(weights)
        };

        // Next to nothing to do: half of the assigned weight more, or nearly.
        lab.wait("every weight up", STEP, || {
            seldom();
            Ok(nannies.iter().all(|(_, nanny)| rose(nanny)))
        })?;
        lab.measured("load", load(&rs1)?, "")?;
        let high = told("idle")?;
        // Six steps at most have gone by.
        let bound = FOUND + 6 * WEIGHT / 2;
        assert!(high.iter().all(|&weight| weight <= bound), "{high:?}");

        let _waiting = make_load(&rs1)?;
        lab.wait("load", STEP, || {
            seldom();
            Ok(load(&rs1)? > 2.5)
        })?;
        // rwhod would not speak for three minutes.
        real_servers::start_rwhod(&rs1, "rs1")?;
        lab.wait("every weight down", STEP, || {
            seldom();
            Ok(weights()?
                .iter()
                .zip(&high)
                .all(|(weight, high)| weight < high))
        })?;
        lab.measured("load", load(&rs1)?, "")?;
        let low = told("busy")?;
        assert!(low.iter().all(|&weight| weight >= WEIGHT), "{low:?}");
        Ok(())
    });
}

#[test]
fn load_data_that_cannot_be_had_change_nothing_and_are_told_of_once() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let lab = OneRouter::up(lab, 1)?;
        let rs1 = lab.host("rs1")?;
        let _nginx = real_servers::start_nginx(&rs1)?;
        let words = [
            ("/usr/no/such/program", "/usr/no/such/program"),
            // Nobody answers there: no portmapper, and the program, if it is here, finds none either.
            ("rup", "load"),
            ("/bin/false", "failed to read remote load of 10.0.0.11:80"),
        ];
        let mut nannies = Vec::new();
        for ((word, told), port) in words.into_iter().zip(1000..) {
            lab.make_service(&format!("-t 1.2.3.1:{port}"))?;
            let port = port.to_string();
            let rules = ["-p", &port, "-r", "80", "-t", "2", "-w", "64", "-U", word];
            nannies.push((told, lab.start_nanny_with(1, rules)?));
        }
        for (told, nanny) in &nannies {
            nanny.wait_line("[ active ]", SOON)?;
            nanny.wait_line(told, SOON)?;
        }
        // Slow start goes on without them, and a second failure is not told of.
        lab.wait("the second weight", STEP, || {
            seldom();
            let table = lab.router()?.ipvs()?;
            Ok(table.destinations().all(|found| found.weight == 4))
        })?;
        for (told, nanny) in &nannies {
            assert_eq!(nanny.log().count(told), 1, "{}", nanny.log().text());
        }
        Ok(())
    });
}
