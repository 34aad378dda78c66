//! `lvs-cf check`.

use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::{on_a_terminal, run};

#[test]
fn a_good_file_has_status_0_and_nothing_is_said() {
    let run = run(&["check", "howto-9.2.cf", "howto-9.3.cf"], "");
    assert_eq!(
        (run.status, run.out, run.err),
        (0, String::new(), String::new())
    );
}

#[test]
fn errors_have_status_1_and_a_line_each() {
    let run = run(
        &["check", "-"],
        "prmary = 1.2.3.4\nprimary = 1.2.3.4\nnetwork = nta\n",
    );
    let expected = "\
<stdin>:1:1: error: unknown command: \"prmary\"; expected a directive allowed outside the \
blocks; did you mean `primary`?
<stdin>:3:11: error: invalid argument: \"nta\"; expected one of nat, direct, tunnel; did you mean \
`nat`?
";
    assert_eq!(
        (run.status, run.out.as_str(), run.err.as_str()),
        (1, expected, "")
    );
}

#[test]
fn warnings_are_errors_only_if_strict() {
    let file = "primary = 1.2.3.4\nserial_no = 1\nserial_no = 2\n";
    let said = "<stdin>:2:13: warning: no effect: \"serial_no\" is set again below; \
                line 3 is the value that applies\n";
    for (args, status) in [(&["check", "-"][..], 0), (&["check", "--strict", "-"], 1)] {
        let run = run(args, file);
        assert_eq!((run.status, run.out.as_str()), (status, said));
    }
}

#[test]
fn more_than_are_shown_are_counted() {
    let run = run(&["check", "flood.cf"], "");
    assert_eq!(run.out.lines().count(), 21, "{}", run.out);
    assert!(
        run.out.ends_with("\nflood.cf: 181 more errors not shown\n"),
        "{}",
        run.out
    );
}

#[test]
fn the_full_form_shows_the_source() {
    let run = run(
        &["check", "--format=full", "-"],
        "primary = 1.2.3.4\nnetwork = nta\n",
    );
    let expected = "\
error: invalid argument: \"nta\"
 --> <stdin>:2:11
  |
2 | network = nta
  |           ^^^ expected one of nat, direct, tunnel
  |
  = help: did you mean `nat`?

<stdin>: 1 error
";
    assert_eq!(run.out, expected);
    let good = crate::run(&["check", "--format=full", "howto-9.2.cf"], "");
    assert_eq!(good.out, "howto-9.2.cf: no problems found\n");
}

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let run = run(&["check", "/nonexistent/lvs.cf", ".", "unknown.cf"], "");
    assert_eq!(run.status, 2);
    assert_eq!(
        run.err,
        "lvs-cf: cannot read /nonexistent/lvs.cf: No such file or directory\n\
         lvs-cf: cannot read .: Is a directory\n"
    );
    assert!(
        run.out.starts_with("unknown.cf:1:1: error: "),
        "{}",
        run.out
    );
}

#[test]
fn host_names_need_no_network() {
    let file = "primary = lvs1.invalid\nbackup = lvs2.invalid\n";
    assert_eq!(run(&["check", "-"], file).status, 0);
    let same = "primary = lvs1.invalid\nbackup = lvs1.invalid\n";
    assert_eq!(run(&["check", "-"], same).status, 1, "one host for two");
    let asked = run(
        &["check", "--resolve", "-"],
        "primary = 192.0.2.1\nbackup = ,\nvirtual a {\naddress = 192.0.2.80\n\
         master = localhost\n}\n",
    );
    assert!(
        asked.out.starts_with("<stdin>:2:10: error: invalid host"),
        "{}",
        asked.out
    );
    let errors = asked.out.lines().filter(|line| line.contains(" error: "));
    assert_eq!(errors.count(), 1, "{}", asked.out);
}

#[test]
fn a_pipe_without_a_writer_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lvs.cf");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    let start = Instant::now();
    let run = run(&["check", path.to_str().unwrap()], "");
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("no end of input within 5 s"),
        "{}",
        run.err
    );
}

#[test]
fn a_terminal_gets_the_source_and_colours_unless_they_are_not_wanted() {
    let colour = "\u{1b}[";
    let text = on_a_terminal(&["check", "unknown.cf"], &[]).1;
    assert!(text.contains(colour) && text.contains("--> "), "{text}");
    for environment in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let text = on_a_terminal(&["check", "unknown.cf"], &[environment]).1;
        assert!(!text.contains(colour), "{environment:?}: {text}");
        assert!(text.contains("--> unknown.cf:1:1"), "{text}");
    }
    let never = on_a_terminal(&["check", "--color=never", "unknown.cf"], &[]).1;
    assert!(!never.contains(colour), "{never}");
    let args = ["check", "--color=always", "--format=full", "unknown.cf"];
    let always = on_a_terminal(&args, &[("NO_COLOR", "1")]).1;
    assert!(always.contains(colour), "{always}");
    assert!(run(&args, "").out.contains(colour), "in a pipe too");
    let auto = run(&["check", "--format=full", "unknown.cf"], "").out;
    assert!(!auto.contains(colour), "{auto}");
}

#[test]
fn a_host_that_is_not_looked_up_is_called_by_its_name() {
    let service = "{\nactive = 1\naddress = www\nserver a {\naddress = rs1\nactive = 1\n}\n\
                   server b {\naddress = rs1\nactive = 1\n}\n}\n";
    let file = |network: &str| {
        format!("primary = lvs1\n{network}\nvirtual v {service}virtual w {service}")
    };
    for (network, server) in [
        ("network = direct", "rs1"),
        ("nat_router = gw eth1", "rs1:80"),
    ] {
        let out = run(&["check", "-"], &file(network)).out;
        for said in [
            format!("duplicate real server {server} in \"v\";"),
            "duplicate virtual service www:80 tcp;".to_owned(),
        ] {
            assert!(out.contains(&said), "{said}\n{out}");
        }
        assert!(!out.contains("255."), "{out}");
    }
}
