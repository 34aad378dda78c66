//! `lvs-cf diff`.

use std::fs;

use crate::{Run, run};

const OLD: &str = "\
primary = 1.2.3.2
keepalive = 2
virtual vs1 {
\taddress = 1.2.3.1 eth0:1
\tactive = 1
\tsend = \"GET /\"
\tserver rs1 {
\t\taddress = 192.168.1.3
\t\tweight = 2
\t}
\tserver rs2 {
\t\taddress = web2.example
\t}
}
virtual vs2 {
\taddress = 1.2.3.9
\tport = 443
\tserver rs1 {
\t\taddress = 192.168.1.3
\t}
}
";

/// The difference to `new`.
fn diff(new: &str) -> Run {
    let directory = tempfile::tempdir().expect("a directory");
    let old = directory.path().join("old.cf");
    fs::write(&old, OLD).expect("a file");
    run(&["diff", old.to_str().expect("UTF-8"), "-"], new)
}

#[track_caller]
fn says(new: &str, expected: &str) {
    let run = diff(new);
    assert_eq!((run.out.as_str(), run.err.as_str()), (expected, ""));
    assert_eq!(run.status, i32::from(!expected.is_empty()));
}

#[test]
fn comments_order_and_ways_to_write_a_value_are_no_difference() {
    says(OLD, "");
    let (head, blocks) = OLD.split_at(OLD.find("virtual vs1").unwrap());
    let (one, two) = blocks.split_at(blocks.find("virtual vs2").unwrap());
    let other = format!("{two}{one}{head}").replace("keepalive = 2", "keepalive=2000ms # c");
    says(&other.replace("port = 443", "port = 0x1bb"), "");
    says(
        &OLD.replace("\tport = 443\n", "\tport = 443\n\tscheduler = wlc\n"),
        "",
    );
}

#[test]
fn values_are_said_with_their_service() {
    says(
        &OLD.replace("keepalive = 2", "keepalive = 0.5\nbackup = lvs2"),
        "changed: backup none -> lvs2\nchanged: backup_active 0 -> 1\nchanged: keepalive 2 -> 0.5\n",
    );
    says(
        &OLD.replace("active = 1", "active = 0\n\tscheduler = rr")
            .replace("\tsend = \"GET /\"\n", "")
            .replace("weight = 2", "weight = 1"),
        "changed: virtual server vs1 (tcp 1.2.3.1:80): active 1 -> 0, scheduler wlc -> rr, \
         send \"GET /\" -> none\n\
         changed: real server rs1 (192.168.1.3:80) of vs1: weight 2 -> 1\n",
    );
    says(
        &OLD.replace("virtual vs1 {", "virtual web {"),
        "changed: virtual server web (tcp 1.2.3.1:80): name vs1 -> web\n",
    );
}

#[test]
fn what_is_said_does_nothing_to_a_terminal() {
    says(
        &OLD.replace(
            "keepalive = 2",
            "keepalive = 2\nrsh_command = \"a\u{1b}[31mb\u{9b}\"",
        ),
        "changed: rsh_command rsh -> a\\u{1b}[31mb\\u{9b}\n",
    );
}

#[test]
fn another_address_or_port_is_another_service() {
    says(
        &OLD.replace("port = 443", "port = 444"),
        "removed: virtual server vs2 (tcp 1.2.3.9:443), inactive, with 1 real server\n\
         added: virtual server vs2 (tcp 1.2.3.9:444), inactive, with 1 real server\n",
    );
    says(
        &OLD.replace("\tsend", "\tport = 81\n\tsend"),
        "removed: virtual server vs1 (tcp 1.2.3.1:80), with 2 real servers\n\
         added: virtual server vs1 (tcp 1.2.3.1:81), with 2 real servers\n",
    );
    says(
        &OLD.replace("port = 443", "port = 443\n\tprotocol = udp\n\tactive = 1"),
        "removed: virtual server vs2 (tcp 1.2.3.9:443), inactive, with 1 real server\n\
         added: virtual server vs2 (udp 1.2.3.9:443), with 1 real server\n",
    );
    says(
        &OLD.replace("web2.example", "web3.example\n\t\tactive = 1"),
        "removed: real server rs2 (web2.example:80) of vs1\n\
         added: real server rs2 (web3.example:80) of vs1, weight 1\n",
    );
}

#[test]
fn a_firewall_mark_is_the_same_service_at_any_address() {
    let marked = OLD.replace("port = 443", "port = 443\n\tfwmark = 7");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("marked.cf");
    fs::write(&path, &marked).unwrap();
    let moved = marked.replace("1.2.3.9", "1.2.3.8");
    let run = run(&["diff", path.to_str().unwrap(), "-"], &moved);
    let expected = "changed: virtual server vs2 (fwmark 7): address 1.2.3.9 -> 1.2.3.8\n";
    assert_eq!(run.out, expected);
}

#[test]
fn failover_services_are_compared_too() {
    let failover = "failover db {\n\taddress = 1.2.3.7\n\tport = 3306\n\tstart_cmd = /bin/db\n}\n";
    let run = diff(&format!("{OLD}{failover}"));
    let expected = "added: failover service db (tcp 1.2.3.7:3306), inactive\n";
    assert_eq!(run.out, expected);
}

#[test]
fn a_file_that_does_not_load_is_trouble() {
    let run = diff("primary = 1.2.3.4\nx = 1\n");
    assert_eq!((run.status, run.out.as_str()), (2, ""));
    let first = "lvs-cf: error parsing <stdin> at line 2: unknown command: \"x\"; expected ";
    assert!(run.err.starts_with(first), "{}", run.err);
    let run = crate::run(&["diff", "/nonexistent", "."], "");
    assert_eq!(run.status, 2);
    assert_eq!(run.err.lines().count(), 2, "both are named: {}", run.err);
}
