//! Command lines: those of 0.8.6's lvsd, those of administrators, and invalid ones.

use super::*;
use crate::check::dialogue::Dialogue;
use crate::check::probe::Probe;
use crate::check::reply::Expect;

fn read(line: &str) -> Result<Settings, Ending> {
    parse_from(line.split_whitespace().map(OsString::from))
}

/// The settings of a command line that includes the required options.
fn settings(line: &str) -> Settings {
    read(&format!("-h 10.0.0.2 -V 1.2.3.1 --lvs {line}")).expect(line)
}

/// The error line, without the program's name and the newline.
fn error(line: &str) -> String {
    let ending = read(line).expect_err(line);
    assert!(ending.is_error, "{line}: {}", ending.text);
    let text = ending.text.strip_prefix("nanny: ").expect("the name");
    text.strip_suffix('\n').expect("a newline").to_owned()
}

#[test]
fn defaults_equal_those_of_c_program() {
    assert_eq!(
        settings(""),
        Settings {
            kind: Kind::RealServer,
            service: "1.2.3.1:80".parse().expect("an address"),
            udp: false,
            mark: None,
            server: "10.0.0.2:80".parse().expect("an address"),
            name: None,
            probe: Probe::Tcp(Dialogue::http()),
            method: Method::Masquerade,
            timeout: Duration::from_secs(10),
            interval: Duration::from_secs(2),
            reentry: Duration::from_secs(180),
            weight: 1,
            scale: 10,
            quiesce: false,
            load_data: None,
            report_only: false,
            mode: Mode::Background,
            verbose: false,
        }
    );
}

#[test]
fn parses_command_line_of_lvsd() {
    let read = read(
        "-c -h 10.0.0.2 -p 80 -r 8080 -v -a 90 -I /sbin/ipvsadm -t 6 -w 2000 -V 1.2.3.1 -M g \
         -U rsh --nodaemon --lvs",
    );
    assert_eq!(
        read,
        Ok(Settings {
            kind: Kind::RealServer,
            service: "1.2.3.1:80".parse().expect("an address"),
            udp: false,
            mark: None,
            server: "10.0.0.2:8080".parse().expect("an address"),
            name: None,
            probe: Probe::Tcp(Dialogue::http()),
            method: Method::Direct,
            timeout: Duration::from_secs(6),
            interval: Duration::from_secs(2),
            reentry: Duration::from_secs(90),
            weight: 2000,
            scale: 10,
            quiesce: false,
            load_data: Some("rsh".to_owned()),
            report_only: false,
            mode: Mode::Foreground,
            verbose: true,
        })
    );
}

#[test]
fn last_of_repeated_options_wins() {
    let read = read(
        "--server=fe80::1 --virtaddress ::2 --port=1 --port=21 --rport 2121 --timeout 0.5 \
         --interval 250ms --reentrytime 1m --weight=0 --method=i --loadcmd none --scale 3 \
         --ipvsadm x --nofork --norun --lvs --lvs",
    )
    .expect("settings");
    assert_eq!(read.service.to_string(), "[::2]:21");
    assert_eq!(read.server.to_string(), "[fe80::1]:2121");
    assert_eq!(read.timeout, Duration::from_millis(500));
    assert_eq!(read.interval, Duration::from_millis(250));
    assert_eq!(read.reentry, Duration::from_secs(60));
    assert_eq!((read.weight, read.scale), (0, 3));
    assert_eq!(read.method, Method::Tunnel);
    assert_eq!((read.load_data, read.mode), (None, Mode::NoFork));
    assert!(read.report_only);
}

#[test]
fn parses_mark_and_quiesce() {
    let mark = |line| settings(line).mark.map(NonZeroU32::get);
    assert_eq!(mark("-f 80"), Some(80));
    assert_eq!(mark("--fwmark 4294967295"), Some(u32::MAX));
    assert!(settings("-q").quiesce);
    assert!(settings("--quiesce_server").quiesce);
}

#[test]
fn failover_service_needs_no_virtual_address() {
    let alone = read("--fos -h 10.0.0.2 -p 8080").expect("settings");
    assert_eq!(alone.kind, Kind::Failover);
    assert_eq!(alone.server.to_string(), "10.0.0.2:8080");
    assert_eq!(alone.service, alone.server);
    assert_eq!(alone.mode, Mode::NoFork, "its starter waits for it");
    let named = read("--fos -h 10.0.0.2 -V 1.2.3.1 -r 81").expect("settings");
    assert_eq!(named.service.to_string(), "1.2.3.1:80");
    assert_eq!(named.server.to_string(), "10.0.0.2:81");
}

#[test]
fn method_accepts_leading_hyphen() {
    assert_eq!(settings("-M -m").method, Method::Masquerade);
    assert_eq!(settings("-M -g").method, Method::Direct);
    assert_eq!(settings("--method -i").method, Method::Tunnel);
}

#[test]
fn resolves_name_to_family_of_service() {
    let read = read("-h localhost -V 127.0.0.9 --lvs").expect("settings");
    assert_eq!(read.server.to_string(), "127.0.0.1:80");
    let text = error("-h no.such.host.invalid -V 1.2.3.1 --lvs");
    assert!(
        text.starts_with("invalid host name or ip address: no.such.host.invalid: "),
        "{text}"
    );
}

#[test]
fn parses_check_options() {
    let probe = |args: &[&str]| {
        let always = ["-h", "10.0.0.2", "-V", "1.2.3.1", "--lvs"];
        let args = always.iter().chain(args).map(OsString::from);
        parse_from(args).expect("settings").probe
    };
    let expect = |text: &str, is_pattern| Expect::new(text.into(), is_pattern).ok();
    let dialogue = |send: &str, expect| Dialogue {
        send: send.into(),
        expect,
    };
    assert_eq!(
        probe(&["-s", r"EHLO x\r\n", "-x", "220 *"]),
        Probe::Tcp(dialogue("EHLO x\r\n", expect("220 *", false)))
    );
    assert_eq!(
        probe(&[
            "-u",
            "-T",
            "--send_string",
            r"-\n",
            "--expect_string=^2",
            "--regex"
        ]),
        Probe::Udp(dialogue(r"-\n", expect("^2", true)))
    );
    assert_eq!(
        probe(&["--udp", "--suppress"]),
        Probe::Udp(Dialogue::default())
    );
    let Probe::Program(program) = probe(&["-r", "53", "-e", "dig @%h -p %p", "-x", "ok"]) else {
        panic!("no program");
    };
    assert_eq!(program.name, "dig");
    assert_eq!(program.arguments, ["@10.0.0.2", "-p", "53"]);
    assert_eq!(program.expect, expect("ok", false));
    assert!(settings("-u").udp && !settings("").udp);
}

#[test]
fn send_and_expect_accept_any_bytes() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = || OsString::from_vec(vec![0xff, 0xfe]);
    let mut args: Vec<OsString> = ["-h", "10.0.0.2", "-V", "1.2.3.1", "--lvs", "-s"]
        .map(OsString::from)
        .into();
    args.extend([bytes(), "-x".into(), bytes()]);
    let settings = parse_from(args).expect("settings");
    let expect = Some(Expect::Bytes(vec![0xff, 0xfe]));
    let send = vec![0xff, 0xfe];
    assert_eq!(settings.probe, Probe::Tcp(Dialogue { send, expect }));
}

#[test]
fn error_names_invalid_option() {
    for (line, expected) in [
        ("", "option --lvs or --fos is required"),
        ("--lvs --fos", "options --lvs and --fos exclude each other"),
        ("--fos -V 1.2.3.1", "option --server is required"),
        ("--lvs -V 1.2.3.1", "option --server is required"),
        ("--lvs -h 10.0.0.2", "option --virtaddress is required"),
        (
            "--lvs -h 10.0.0.2 -V ::1",
            "server 10.0.0.2 and virtual address ::1 differ in address family",
        ),
        ("--bogus", "invalid option '--bogus'"),
        ("-z", "invalid option '-z'"),
        ("--lvs extra", "unexpected argument \"extra\""),
        ("-p", "missing argument for option '-p'"),
        ("--lvs=1", "unexpected argument for option '--lvs': \"1\""),
        (
            "-V 1.2.3.1 -h 10.0.0.2 --lvs --regex -x a{",
            "--expect_string a{: braces need {N}, {N,} or {N,M}, with a backslash before those that \
             are meant as text",
        ),
        (
            "-V 1.2.3.1 -h 10.0.0.2 --lvs --send_program=",
            "--send_program : expected a program",
        ),
        ("-p 0", "--port 0: expected 1 to 65535"),
        ("-r 65536", "--rport 65536: expected 1 to 65535"),
        ("-r http", "--rport http: expected 1 to 65535"),
        ("-w -1", "--weight -1: expected 0 to 2147483647"),
        (
            "-w 2147483648",
            "--weight 2147483648: expected 0 to 2147483647",
        ),
        ("-f 0", "--fwmark 0: expected 1 to 4294967295"),
        ("-f ssh", "--fwmark ssh: expected 1 to 4294967295"),
        (
            "--fwmark=4294967296",
            "--fwmark 4294967296: expected 1 to 4294967295",
        ),
        ("-S 0", "--scale 0: expected 1 to 2147483647"),
        ("-S 2.5", "--scale 2.5: expected 1 to 2147483647"),
        ("-M nat", "--method nat: expected m, g or i"),
        (
            "--lvs -h fe80::1%lo -V ::1",
            "fe80::1%lo: addresses with an interface are not supported",
        ),
        (
            "--fos -h fe80::1%no.such.0",
            "fe80::1%no.such.0: addresses with an interface are not supported",
        ),
        (
            "--lvs -h ::1 -V fe80::1%1",
            "fe80::1%1: addresses with an interface are not supported",
        ),
        ("-t 0", "--timeout 0: expected 0.000001 or more"),
        (
            "-t 0.0000009",
            "--timeout 0.0000009: expected 0.000001 or more",
        ),
        (
            "--interval 0.0",
            "--interval 0.0: expected 0.000001 or more",
        ),
        (
            "-a soon",
            "--reentrytime soon: expected seconds, as in 10, 0.25, 250ms, 3s or 2m",
        ),
        (
            "-t 3000000000",
            "--timeout 3000000000: longer than 2147483647 seconds",
        ),
    ] {
        assert_eq!(error(line), expected, "{line}");
    }
}

#[test]
fn help_usage_and_version_exit_without_error() {
    for (option, shows) in [
        ("-?", "--reentrytime"),
        ("--help", "--reentrytime"),
        ("--help", r"escapes such as \n"),
        ("-v --usage", "Usage: nanny -h SERVER -V VIP"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let ending = read(option).expect_err(option);
        assert!(!ending.is_error, "{option}: {}", ending.text);
        assert!(ending.text.contains(shows), "{option}: {}", ending.text);
    }
}
