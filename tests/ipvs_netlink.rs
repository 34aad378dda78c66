//! `ipvs-netlink` against a real kernel: what it writes `ipvsadm` reads, and the other way round;
//! what the kernel refuses has its own name; many changes at once lose none.

mod cases;
mod errors;
mod once;
mod random;
mod scale;
mod starved;
mod tools;
mod traffic;

use ipvs_netlink::{Client, Error};
use lab::{Host, HostPlan, Lab, Result, Topology};
use std::time::Duration;
use tools::check;

const BOUND: Duration = Duration::from_secs(120);
const SOON: Duration = Duration::from_secs(10);
/// Set for the process that is to have no capability.
const UNPRIVILEGED: &str = "IPVS_UNPRIVILEGED";

/// One host with a table of its own.
fn host(lab: &mut Lab) -> Result<Host> {
    let plan = HostPlan::new("lvs").wire("eth0", "lan", "10.0.0.1/24");
    let client = HostPlan::new("client").wire("eth0", "lan", "10.0.0.2/24");
    lab.build(&Topology::new().switch("lan").host(plan).host(client))?;
    let host = lab.host("lvs")?;
    host.tool(&["ip", "link", "set", "lo", "up"])?;
    Ok(host)
}

#[test]
fn services_and_destinations_of_every_sort_go_both_ways() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        check(&host, "ipvsadm reads ours", cases::ipvsadm_reads_ours)?;
        check(&host, "we read ipvsadm's", cases::we_read_ipvsadms)?;
        check(&host, "ipvsadm runs a plan", cases::ipvsadm_runs_plans)?;
        check(&host, "thresholds", cases::thresholds)?;
        check(&host, "local and bypass", cases::local_and_bypass)?;
        check(&host, "what has no name", cases::nameless)
    });
}

#[test]
fn what_there_is_once_goes_both_ways() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        // The kernel gives a wire its own IPv6 address by and by, and a daemon sends from there.
        let own = ["ip", "-6", "address", "show", "dev", "eth0", "-tentative"];
        lab.wait("an IPv6 address", SOON, || {
            Ok(host.tool(&own)?.contains("inet6 fe80:"))
        })?;
        check(&host, "version", once::version)?;
        check(&host, "timeouts", once::timeouts)?;
        check(&host, "daemons", once::daemons)
    });
}

#[test]
fn connections_and_counters_are_those_of_ipvsadm() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let _server = traffic::service(&host)?;
        let _open = traffic::connect(&lab.host("client")?, 40)?;
        check(&host, "counters", |client| traffic::agrees(client, 40))
    });
}

#[test]
fn every_refusal_has_its_name() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        check(&host, "refusals", errors::all)?;
        check(&host, "a table that never rests", scale::restless)
    });
}

#[test]
fn without_the_capability_everything_is_refused() {
    if std::env::var_os(UNPRIVILEGED).is_some() {
        // The process that the story below starts.
        let mut client = Client::open().expect("opening needs no capability");
        let refused = errors::without_capability(&mut client);
        return refused.unwrap_or_else(|error| panic!("{error}"));
    }
    lab::scenario(lab::here!(), BOUND, |lab| {
        let without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"];
        refused_by(&host(lab)?, &without)
    });
}

/// What a container's root has. In the guest, because later kernels may think otherwise.
#[test]
fn the_capability_of_another_user_namespace_is_not_enough() {
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        let inside = ["unshare", "--user", "--map-root-user", "--net"];
        refused_by(&host(lab)?, &inside)
    });
}

/// Runs the story above by itself, started by `prefix`.
fn refused_by(host: &Host, prefix: &[&str]) -> Result<()> {
    let this = std::env::current_exe().map_err(|source| lab::Error::Io {
        doing: "find this program".to_owned(),
        source,
    })?;
    let (this, asked) = (this.display().to_string(), format!("{UNPRIVILEGED}=yes"));
    let name = "ipvs_netlink::without_the_capability_everything_is_refused";
    let said = host.tool(&[prefix, &["env", &asked, &this, "--exact", name]].concat())?;
    assert!(said.contains("1 passed"), "{said}");
    Ok(())
}

#[test]
fn a_kernel_without_ipvs_is_told_by_name() {
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        check(&host, "a kernel that has it", |client| Ok(client.info()?))?;
        let opened = host.inside(Client::open);
        let mut early = opened.map_err(|error| lab::Error::broken(error.to_string()))?;
        let unload = "echo /bin/false > /proc/sys/kernel/modprobe; \
            sed -n 's/^\\(ip_vs_[^ ]*\\) .*/\\1/p' /proc/modules | xargs rmmod && rmmod ip_vs";
        host.tool(&["sh", "-c", unload])?;
        let opened = host.inside(Client::open);
        assert!(matches!(opened, Err(Error::NoIpvs)), "{opened:?}");
        // One that was open before finds out too.
        let asked = early.info();
        assert!(matches!(asked, Err(Error::NoIpvs)), "{asked:?}");
        let listed = early.services();
        assert!(matches!(listed, Err(Error::NoIpvs)), "{listed:?}");
        Ok(())
    });
}

#[test]
fn two_hundred_random_tables_turn_into_others() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let changes = check(&host, "random tables", random::pairs)?;
        let what = format!("changes in {} pairs of tables", random::PAIRS);
        lab.measured(&what, changes, "changes")
    });
}

#[test]
fn ten_thousand_changes_at_once_have_ten_thousand_results() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let spent = check(&host, "a batch", scale::batch)?;
        lab.measured("a batch of 10,000 changes", spent.as_millis(), "ms")
    });
}

/// The system's limits of socket buffers are no limits of ours.
#[test]
fn many_changes_need_no_large_socket_buffers_of_the_system() {
    lab::scenario_in_guest(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let least = "for file in rmem_max rmem_default wmem_max wmem_default; do \
                     echo 4608 > /proc/sys/net/core/$file; done";
        host.tool(&["nsenter", "--target", "1", "--net", "sh", "-ec", least])?;
        check(&host, "a batch", scale::batch).map(drop)
    });
}

/// What was dropped is found out: nothing is taken for made because no refusal of it came.
#[test]
fn answers_that_the_kernel_drops_lose_no_result() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let dropped = check(&host, "a batch", starved::batch)?;
        assert!(dropped > 0, "there was room for every answer");
        lab.measured("answers dropped", dropped, "messages")
    });
}

#[test]
fn other_tasks_run_while_a_large_table_is_made_and_read() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let turns = check(&host, "beside other tasks", scale::beside_other_tasks)?;
        lab.measured("another task ran", turns, "times")
    });
}

#[test]
fn lists_of_a_table_that_changes_are_right() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let host = host(lab)?;
        let told = check(&host, "lists", scale::changing)?;
        lab.say(&told)
    });
}
