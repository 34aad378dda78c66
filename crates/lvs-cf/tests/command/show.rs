//! `lvs-cf show`.

use std::fs;
use std::path::PathBuf;

use crate::{on_a_terminal, run};

/// The files of the corpus that load.
fn good_files() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "cf"))
        .filter(|path| run(&["show", path.to_str().expect("UTF-8")], "").status == 0)
        .collect();
    files.sort();
    files
}

#[test]
fn what_the_file_leaves_open_is_in_comments() {
    let file = "\
primary = lvs1
keepalive = 250ms
deadtime = 1m
virtual server \"web 1\" {
  address = 2001:db8::1 eth0
  vip_nmask = 64
  port = http
  expect = \"it's\"
  server a {
    address = web1.example
    weight = 0x10
  }
}
";
    let expected = "\
# effective configuration of <stdin>; defaults are commented
#serial_no = 0
#service = lvs
primary = lvs1
#backup_active = 0
#heartbeat = 1
#heartbeat_port = 539
keepalive = 0.25
deadtime = 60
#rsh_command = rsh
#network = nat
#debug_level = NONE
#monitor_links = 0
#hard_shutdown = 1
#ipvsadm = /sbin/ipvsadm
#syncdaemon = 0
#syncd_iface = eth0
#syncd_id = 0
#tcp_timeout = 0
#tcpfin_timeout = 0
#udp_timeout = 0
#sync = 0

virtual \"web 1\" {
    #active = 0
    address = 2001:db8::1 eth0
    vip_nmask = 64
    port = 80
    #protocol = tcp
    #fwmark = 0
    #scheduler = wlc
    #persistent = 0
    #pmask = 128
    #timeout = 10
    #reentry = 180
    #interval = 2
    #load_monitor = uptime
    expect = it's
    #use_regex = 0
    #quiesce_server = 0
    #client_monitor = /usr/sbin/nanny
    server a {
        #active = 0
        address = web1.example
        #port = 80
        weight = 16
    }
}
";
    let run = run(&["show", "-"], file);
    assert_eq!((run.status, run.out.as_str()), (0, expected));
}

#[test]
fn what_is_shown_means_the_same_and_is_shown_the_same() {
    let files = good_files();
    assert!(files.len() >= 10, "{files:?}");
    for path in &files {
        let path = path.to_str().expect("UTF-8");
        let shown = run(&["show", path], "");
        assert!(
            shown
                .out
                .starts_with(&format!("# effective configuration of {path};"))
        );
        let body = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
        let again = run(&["show", "-"], &shown.out);
        assert_eq!(body(&again.out), body(&shown.out), "{path}");
        let diff = run(&["diff", path, "-"], &shown.out);
        assert_eq!((diff.status, diff.out.as_str()), (0, ""), "{path}");
    }
}

#[test]
fn a_file_with_errors_is_reported_and_not_shown() {
    for format in ["text", "json"] {
        let run = run(&["show", "--format", format, "unknown.cf"], "");
        assert_eq!((run.status, run.out.as_str()), (1, ""));
        let first = "lvs-cf: error parsing unknown.cf at line 1: unknown command: \"prmary\"; ";
        assert!(run.err.starts_with(first), "{}", run.err);
    }
    let run = run(&["show", "/nonexistent"], "");
    let err = "lvs-cf: cannot read /nonexistent: No such file or directory\n";
    assert_eq!(
        (run.status, run.out.as_str(), run.err.as_str()),
        (2, "", err)
    );
}

#[test]
fn warnings_go_to_standard_error() {
    let run = run(
        &["show", "--format=json", "-"],
        "primary = a\nkeepalive = 9\n",
    );
    assert_eq!(run.status, 0);
    assert!(
        run.err
            .starts_with("lvs-cf: warning: <stdin> at line 2: deadtime"),
        "{}",
        run.err
    );
    assert!(run.out.contains("\"deadtime_ms\": 18000,"), "{}", run.out);
}

/// What is in a pipe is gone through by programs: a line each, with all that there is to say.
#[test]
fn errors_and_warnings_have_a_line_each() {
    let bad = "prmary = 1.2.3.4\nprimary = 1.2.3.4\nnetwork = nta\n";
    let expected = "\
lvs-cf: error parsing <stdin> at line 1: unknown command: \"prmary\"; expected a directive \
allowed outside the blocks; did you mean `primary`?
lvs-cf: error parsing <stdin> at line 3: invalid argument: \"nta\"; expected one of nat, direct, \
tunnel; did you mean `nat`?
";
    assert_eq!(run(&["show", "-"], bad).err, expected);
    assert_eq!(run(&["diff", "howto-9.2.cf", "-"], bad).err, expected);
    let doubtful = "primary = 1.2.3.4\nserial_no = 1\nserial_no = 2\n";
    let expected = "lvs-cf: warning: <stdin> at line 2: no effect: \"serial_no\" is set again \
                    below; line 3 is the value that applies\n";
    assert_eq!(run(&["show", "-"], doubtful).err, expected);
    let many = run(&["show", "flood.cf"], "").err;
    assert_eq!(many.lines().count(), 21, "{many}");
    assert!(many.ends_with("\n... and 181 more errors\n"), "{many}");
}

#[test]
fn a_terminal_gets_the_source_of_what_is_wrong() {
    for args in [
        &["show", "unknown.cf"][..],
        &["diff", "unknown.cf", "unknown.cf"],
    ] {
        let (_, said) = on_a_terminal(args, &[]);
        assert!(said.contains("--> unknown.cf:1:1"), "{said}");
        assert!(said.contains("did you mean `primary`?"), "{said}");
    }
}

#[test]
fn what_is_shown_does_nothing_to_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lvs.cf");
    fs::write(&path, "primary = a\nrsh_command = x\u{1b}[31m\n").unwrap();
    let path = path.to_str().unwrap();
    let raw = "\nrsh_command = x\u{1b}[31m\n";
    assert!(run(&["show", path], "").out.contains(raw), "it is a file");
    let (status, shown) = on_a_terminal(&["show", path], &[]);
    assert_eq!(status, Some(0));
    assert!(shown.contains("rsh_command = x\\u{1b}[31m\r\n"), "{shown}");
}

#[test]
fn a_file_name_does_not_get_out_of_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x\nprimary = b\u{1b}[31m.cf");
    let name = path.to_str().unwrap();
    let is_plain = |text: &str, program: &str| {
        let lines = text.lines().all(|l| !l.starts_with("primary"));
        let first = text.starts_with(program) && text.contains("x\\nprimary = b\\u{1b}[31m.cf");
        assert!(lines && first && !text.contains('\u{1b}'), "{text}");
    };
    for command in ["check", "show"] {
        is_plain(&run(&[command, name], "").err, "lvs-cf: cannot read ");
    }
    is_plain(&run(&["diff", name, "a"], "").err, "lvs-cf: cannot read ");
    fs::write(&path, "primary = a\nx = 1\n").unwrap();
    let bad = run(&["check", name], "");
    assert_eq!(bad.out.lines().count(), 1, "{}", bad.out);
    is_plain(&run(&["show", name], "").err, "lvs-cf: error parsing ");
    fs::write(&path, "primary = a\nkeepalive = 9\n").unwrap();
    is_plain(&run(&["show", name], "").err, "lvs-cf: warning: ");
    fs::write(&path, "primary = a\n").unwrap();
    let run = run(&["show", path.to_str().unwrap()], "");
    assert_eq!(
        run.out.lines().filter(|l| l.starts_with("primary")).count(),
        1
    );
}
