//! Every refusal the kernel has, provoked, and the words it comes back in.

use ipvs_netlink::{
    Change, Client, Daemon, DaemonState, Destination, Error, Family, Forwarding, Protocol, Service,
    ServiceKey, Table, Timeouts,
};

use super::cases::address;
use super::tools::{Outcome, equal, same_text};

/// The text of the error a call must give.
fn text<T>(what: &str, result: Result<T, Error>) -> Outcome<String> {
    match result {
        Ok(_) => Err(format!("{what} did not fail").into()),
        Err(error) => Ok(error.to_string()),
    }
}

/// All refusals but those of permission.
pub(super) fn all(client: &mut Client) -> Outcome {
    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    let other = ServiceKey::Fwmark {
        family: Family::V4,
        mark: 7,
    };
    let service = Service::new(key, "wlc");
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
    let stranger = Destination::new([10, 0, 0, 2].into(), 80, Forwarding::Masquerade, 1);
    client.add_service(&service)?;
    client.add_destination(&key, &server)?;

    let group = Destination::new([224, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
    let unknown = Service::new(other, "nosuch");
    let engine = Service {
        pe_name: Some("nope".to_owned()),
        ..Service::new(other, "rr")
    };
    let cases = [
        (
            text("add service", client.add_service(&service))?,
            "cannot add service -t 1.2.3.1:80: it is there already",
        ),
        (
            text("add destination", client.add_destination(&key, &server))?,
            "cannot add destination 10.0.0.1:80 to -t 1.2.3.1:80: it is there already",
        ),
        (
            text(
                "edit service",
                client.edit_service(&Service::new(other, "rr")),
            )?,
            "cannot change service -f 7: there is no such service",
        ),
        (
            text("delete service", client.delete_service(&other))?,
            "cannot delete service -f 7: there is no such service",
        ),
        (
            text("read service", client.service(&other))?,
            "cannot read service -f 7: there is no such service",
        ),
        (
            text("zero service", client.zero(Some(&other)))?,
            "cannot zero counters of -f 7: there is no such service",
        ),
        (
            text("add a group", client.add_destination(&key, &group))?,
            "cannot add destination 224.0.0.1:80 to -t 1.2.3.1:80: Invalid argument",
        ),
        (
            text("add to no service", client.add_destination(&other, &server))?,
            "cannot add destination 10.0.0.1:80 to -f 7: there is no such service",
        ),
        (
            text(
                "edit of no service",
                client.edit_destination(&other, &server),
            )?,
            "cannot change destination 10.0.0.1:80 of -f 7: there is no such service",
        ),
        (
            text(
                "delete of no service",
                client.delete_destination(&other, &server.key),
            )?,
            "cannot delete destination 10.0.0.1:80 of -f 7: there is no such service",
        ),
        (
            text("edit destination", client.edit_destination(&key, &stranger))?,
            "cannot change destination 10.0.0.2:80 of -t 1.2.3.1:80: there is no such destination",
        ),
        (
            text(
                "delete destination",
                client.delete_destination(&key, &stranger.key),
            )?,
            "cannot delete destination 10.0.0.2:80 of -t 1.2.3.1:80: there is no such destination",
        ),
        (
            text("scheduler", client.add_service(&unknown))?,
            "cannot add service -f 7: the kernel has no scheduler nosuch (module ip_vs_nosuch)",
        ),
        (
            text(
                "change scheduler",
                client.edit_service(&Service::new(key, "nosuch")),
            )?,
            "cannot change service -t 1.2.3.1:80: \
             the kernel has no scheduler nosuch (module ip_vs_nosuch)",
        ),
        (
            text("engine", client.add_service(&engine))?,
            "cannot add service -f 7: the kernel has no scheduler rr (module ip_vs_rr), \
             or no persistence engine nope (module ip_vs_pe_nope)",
        ),
        (
            text(
                "timeout",
                client.set_timeouts(&Timeouts {
                    tcp: u32::MAX,
                    ..Timeouts::default()
                }),
            )?,
            "cannot set timeouts: Invalid argument",
        ),
    ];
    for (found, expected) in &cases {
        same_text("error", &format!("{found}\n"), &format!("{expected}\n"))?;
    }
    equal(
        "a list of no service",
        &client.destinations(&other)?.len(),
        &0,
    )?;

    // Nothing of all that changed the table.
    let mut expected = Table::new();
    expected.insert_service(service.clone());
    expected.insert_destination(&key, server.clone());
    equal("table", &Table::read(client)?, &expected)?;

    // One failure in a batch leaves the others alone.
    let results = client.batch(&[
        Change::AddDestination(key, server.clone()),
        Change::AddDestination(key, stranger.clone()),
        Change::DeleteDestination(other, server.key),
        Change::DeleteDestination(key, server.key),
    ]);
    let found: Vec<bool> = results.iter().map(|result| result.is_ok()).collect();
    equal("batch", &found, &vec![false, true, false, true])?;
    expected.remove_destination(&key, &server.key);
    expected.insert_destination(&key, stranger);
    equal("table after the batch", &Table::read(client)?, &expected)?;

    // Nobody is taken out for one whom the kernel does not take.
    let mut wanted = Table::new();
    wanted.insert_service(service);
    wanted.insert_destination(&key, group);
    let results = expected.diff(&wanted).apply(client);
    let found: Vec<String> = results
        .failures()
        .map(|(_, error)| error.to_string())
        .collect();
    let withheld = [
        "cannot add destination 224.0.0.1:80 to -t 1.2.3.1:80: Invalid argument",
        "cannot delete destination 10.0.0.2:80 of -t 1.2.3.1:80: \
         what was to take its place was refused, and nothing would be left",
    ];
    equal("plan", &found, &withheld.map(str::to_owned).to_vec())?;
    equal("table after the plan", &Table::read(client)?, &expected)
}

/// Without the capability: opening works, everything else is refused.
pub(super) fn without_capability(client: &mut Client) -> Outcome {
    let key = address(Protocol::Tcp, "1.2.3.1", 80)?;
    let service = Service::new(key, "wlc");
    let server = Destination::new([10, 0, 0, 1].into(), 80, Forwarding::Masquerade, 1);
    let daemon = Daemon::new(DaemonState::Master, "lo", 1);
    let results = [
        client.info().map(drop),
        client.services().map(drop),
        client.service(&key).map(drop),
        client.destinations(&key).map(drop),
        client.destination(&key, &server.key).map(drop),
        client.add_service(&service),
        client.edit_service(&service),
        client.delete_service(&key),
        client.add_destination(&key, &server),
        client.edit_destination(&key, &server),
        client.delete_destination(&key, &server.key),
        client.flush(),
        client.zero(None),
        client.zero(Some(&key)),
        client.timeouts().map(drop),
        client.set_timeouts(&Timeouts::default()),
        client.daemons().map(drop),
        client.start_daemon(&daemon),
        client.stop_daemon(DaemonState::Master),
    ];
    for result in results {
        if !matches!(result, Err(Error::Permission { .. })) {
            return Err(format!("not refused for permission: {result:?}").into());
        }
    }
    for result in client.batch(&[
        Change::AddService(service),
        Change::AddDestination(key, server),
    ]) {
        if !matches!(result, Err(Error::Permission { .. })) {
            return Err(format!("not refused in a batch: {result:?}").into());
        }
    }
    let error = text("info", client.info())?;
    same_text(
        "text",
        &error,
        "cannot read IPVS version: permission denied (CAP_NET_ADMIN is needed)",
    )
}
