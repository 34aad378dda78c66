//! The outage that a client sees when the active router's links are cut: ours, and that of
//! keepalived in the same network with the same timers.

use super::{BOUND, SOON, check, pair};
use lab::{Error, Lab, Process, Result};
use scenarios::{FiveNodes, ROUTERS, SERVERS, VIP, real_server, real_servers};
use std::fmt::Write as _;
use std::time::Duration;

/// Cuts `lvs1`, and prints how long a client that asks every 20 ms had no answer.
fn measure(cluster: &FiveNodes<'_>, name: &str) -> Result<()> {
    let client = cluster.poll_vip()?;
    cluster.wait_answers(&client, 50)?;
    cluster.align()?;
    // Soon after a heartbeat, which is the worst moment: both were started on a full second.
    std::thread::sleep(Duration::from_millis(100));
    let cut = cluster.cut("lvs1")?;
    let after = cut + Duration::from_secs(1);
    cluster.wait("answers through lvs2", SOON, || {
        Ok(client.view().first_good_after(after).is_some())
    })?;
    let outage = client.stop().outage_after(cut);
    let outage = outage
        .ok_or_else(|| Error::broken("no answers around the cut"))?
        .length();
    check(
        cluster,
        name,
        u64::try_from(outage.as_millis()).unwrap_or(u64::MAX),
    )
}

#[test]
fn pulse_with_deadtime_3_s() {
    lab::scenario(lab::here!(), BOUND, |lab| {
        let (cluster, _pulses) = pair(lab)?;
        measure(&cluster, "outage with deadtime 3 s")
    });
}

#[test]
fn keepalived_with_advert_int_1_s() {
    lab::scenario(lab::here!(), BOUND, |lab: &mut Lab| {
        let cluster = FiveNodes::wired(lab)?;
        cluster.align()?;
        let _lvs1 = start_keepalived(&cluster, ROUTERS[0], 150)?;
        let _lvs2 = start_keepalived(&cluster, ROUTERS[1], 100)?;
        cluster.wait_active(ROUTERS[0], SOON)?;
        // The table of a VRRP backup is filled too; its VIP is not there.
        cluster.wait("the backup's table", SOON, || {
            Ok(SERVERS.iter().all(|name| {
                let table = cluster.table(ROUTERS[1]);
                table.is_ok_and(|table| real_server(name).is_ok_and(|address| table.has(address)))
            }))
        })?;
        measure(&cluster, "outage of keepalived with advert_int 1")
    });
}

/// The HOWTO's cluster in keepalived's words: keepalived.conf(5).
fn start_keepalived(cluster: &FiveNodes<'_>, router: &str, priority: u8) -> Result<Process> {
    let mut text = format!(
        "\
vrrp_instance lvs {{
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int 1
  virtual_ipaddress {{
    {VIP}/24 dev eth0
    192.168.1.254/24 dev eth1
  }}
}}
virtual_server {VIP} 80 {{
  delay_loop 6
  lvs_sched wlc
  lvs_method NAT
  protocol TCP
"
    );
    for name in SERVERS {
        let address = real_server(name)?.ip();
        let _ = writeln!(
            text,
            "  real_server {address} 80 {{\n    TCP_CHECK {{ }}\n  }}"
        );
    }
    text.push_str("}\n");
    let path = lab::memory_dir().join(format!("{router}.keepalived.conf"));
    std::fs::write(&path, text).map_err(|source| Error::Io {
        doing: format!("write {}", path.display()),
        source,
    })?;
    let path = path.display().to_string();
    let args = ["--dont-fork", "--log-console", "--use-file", &path];
    real_servers::start(&cluster.host(router)?, "keepalived", &args)
}
