//! Checks of the programs that admins really put behind a virtual server: what is sent, what is
//! expected, datagrams, expressions, a check script; and what is said when they stop.

use lab::{Lab, Process, Result, ServiceKey};
use scenarios::one_router::{OneRouter, at};
use scenarios::real_servers;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(120);
const SOON: Duration = Duration::from_secs(30);
/// A dozen checks in turn, scripts and an sshd that starts itself anew among them, take the guest a
/// while.
const RULES: [&str; 6] = ["-t", "6", "--interval", "2", "-a", "1"];
const TIMEOUT: Duration = Duration::from_secs(6);
const INTERVAL: Duration = Duration::from_secs(2);
/// How late a loaded guest may be.
const SLACK: Duration = Duration::from_secs(4);
/// How much older than an interval the last pass may be there.
const EARLY: Duration = Duration::from_secs(1);

/// A check script as one would write it: asks for a name and prints whether the answer has one.
const ASK_FOR_A_NAME: &str = r#"
exec 3<>"/dev/udp/$1/$2" || exit 1
printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01' >&3
answers=$(dd bs=512 count=1 <&3 2>/dev/null | od -An -tu1 -j7 -N1)
echo "answers:$answers"
"#;

/// A nanny for port 1000 + `number`, so that each has a service of its own.
struct Watch {
    what: &'static str,
    /// `-t` or `-u`, as ipvsadm has it.
    protocol: &'static str,
    /// The real server's port.
    port: u16,
    arguments: Vec<String>,
    /// What the nanny says when the program has stopped.
    at_last: &'static str,
}

fn watch(what: &'static str, port: u16, arguments: &[&str]) -> Watch {
    Watch {
        what,
        protocol: if arguments.contains(&"-u") {
            "-u"
        } else {
            "-t"
        },
        port,
        arguments: arguments.iter().map(ToString::to_string).collect(),
        at_last: match arguments {
            ["-e", ..] => " for 10.0.0.11:53 failed: unexpected output",
            ["-u", ..] => "READ to 10.0.0.11:",
            _ => "failed: Connection refused",
        },
    }
}

impl Watch {
    fn start(&self, lab: &OneRouter<'_>, number: usize) -> Result<Process> {
        let virtual_port = (1000 + number).to_string();
        lab.make_service(&format!("{} 1.2.3.1:{virtual_port}", self.protocol))?;
        let real_port = self.port.to_string();
        let common = ["-p", &virtual_port, "-r", &real_port];
        let own = self.arguments.iter().map(String::as_str);
        lab.start_nanny_with(1, common.into_iter().chain(RULES).chain(own))
    }
}

#[test]
fn every_kind_of_check_passes_with_the_real_program_and_fails_when_it_stops() {
    lab::scenario(lab::here!(), BOUND, |lab: &mut Lab| {
        let lab = OneRouter::up(lab, 1)?;
        let (router, rs1) = (lab.router()?, lab.host("rs1")?);
        let programs = [
            real_servers::start_nginx(&rs1)?,
            real_servers::start_vsftpd(&rs1)?,
            real_servers::start_sshd(&rs1)?.0,
            real_servers::start_inetd(&rs1)?,
            real_servers::start_dnsmasq(&rs1)?,
        ];
        let script = real_servers::write_file(&router, "ask", ASK_FOR_A_NAME)?;
        let script = format!("/bin/bash {} %h %p", script.display());
        let request = r"GET / HTTP/1.0\r\nHost: rs1\r\n\r\n";
        let good = [
            watch(
                "nginx, any answer",
                80,
                &["-s", request, "-x", "HTTP/1.* 200 OK"],
            ),
            watch(
                "nginx, expression",
                80,
                &[
                    "-s",
                    request,
                    "--regex",
                    "-x",
                    r"^HTTP/1\.[01] 200 .*Server: nginx/[0-9.]+",
                ],
            ),
            watch("vsftpd, its banner", 21, &["-x", "220 (vsFTPd"]),
            watch("sshd, its banner", 22, &["-x", "SSH-2.0-OpenSSH"]),
            watch(
                "inetd, echo by datagram",
                7,
                &["-u", "-s", r"knock\n", "-x", r"kn*ck\n"],
            ),
            watch("inetd, any datagram", 13, &["-u"]),
            watch(
                "dnsmasq, by script",
                53,
                &["-e", &script, "-x", "answers:   1"],
            ),
        ];
        let bad = [
            watch(
                "nginx, another page",
                80,
                &["-s", request, "-x", "HTTP/1.* 404"],
            ),
            watch(
                "vsftpd, taken literally",
                21,
                &["-T", "-x", r"220 (vsFTPd 3.0.3)\r\n"],
            ),
            watch("nobody by datagram", 9, &["-u"]),
            watch("a script that fails", 53, &["-e", "/bin/false"]),
        ];
        let mut nannies = Vec::new();
        for (number, watch) in good.iter().chain(&bad).enumerate() {
            nannies.push((watch, watch.start(&lab, number)?));
        }
        let (good_ones, bad_ones) = nannies.split_at(good.len());
        for (watch, nanny) in good_ones {
            let line = format!("[ active ] making {} available", at(1, watch.port));
            nanny.wait_line(&line, SOON)?;
        }
        for (watch, nanny) in bad_ones {
            let line = format!("[inactive] {} is not available yet", at(1, watch.port));
            nanny.wait_line(&line, SOON)?;
            assert_eq!(nanny.log().count("[ active ]"), 0, "{}", watch.what);
        }
        let table = router.ipvs()?;
        assert_eq!(table.destinations().count(), good.len(), "{table}");
        let datagrams = table.services.iter().filter(|service| {
            matches!(service.key, ServiceKey::Udp(_)) && service.destinations.len() == 1
        });
        assert_eq!(datagrams.count(), 2, "{table}");

        let stopping = Instant::now();
        for program in &programs {
            program.stop(SOON)?;
        }
        let stopped = Instant::now();
        for (watch, nanny) in good_ones {
            let (server, what) = (at(1, watch.port), watch.what);
            nanny.wait_line(watch.at_last, SOON)?;
            let line = format!("[inactive] shutting down {server} due to connection failure");
            let out = nanny.wait_line(&line, SOON)?.at;
            let after = out - stopping;
            lab.measured(&format!("{what}: out after"), after.as_millis(), "ms")?;
            // The last pass was up to an interval before the stop, or while the others stopped.
            assert!(after + INTERVAL + EARLY >= TIMEOUT, "{what}: {after:?}");
            let late = out.saturating_duration_since(stopped);
            assert!(late <= TIMEOUT + INTERVAL + SLACK, "{what}: {late:?}");
        }
        assert_eq!(router.ipvs()?.destinations().count(), 0);
        Ok(())
    });
}
