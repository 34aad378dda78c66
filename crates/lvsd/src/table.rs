//! Changes of the kernel's table: which results of a batch are failures.

use daemon::exit;
use ipvs_netlink::{Change, Client, Error};

use crate::log::Message;
use crate::wanted::WantedService;

/// The failures among the results of a batch. A deletion of what is gone already is none: somebody
/// else was quicker, and the table is as it should be.
pub(crate) fn made(
    changes: &[Change],
    results: impl IntoIterator<Item = Result<(), Error>>,
) -> impl Iterator<Item = Error> {
    changes
        .iter()
        .zip(results)
        .filter_map(|(change, result)| match (change, result) {
            (_, Ok(())) => None,
            (
                Change::DeleteService(_) | Change::DeleteDestination(..),
                Err(Error::NoSuchService { .. } | Error::NoSuchDestination { .. }),
            ) => None,
            (_, Err(error)) => Some(error),
        })
}

/// Deletes the services from the table. Says whether they are gone; what is in the way is logged.
pub(crate) fn clear(client: &mut Client, services: &[WantedService]) -> bool {
    let changes: Vec<_> = services
        .iter()
        .map(|service| Change::DeleteService(service.key))
        .collect();
    let results = client.batch(&changes);
    let mut all_gone = true;
    for error in made(&changes, results) {
        all_gone = false;
        Message::Table {
            error: &exit::chain(&error),
        }
        .log();
    }
    all_gone
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{config, server, service};
    use crate::wanted::wanted;
    use ipvs_netlink::{Attempt, Table};

    #[test]
    fn what_is_gone_already_need_not_be_deleted() {
        let config = config(vec![service(
            "vs",
            "1.2.3.4",
            vec![server("rs", "10.0.0.1")],
        )]);
        let wanted = wanted(&config, &Table::new(), false);
        let (key, destination) = (wanted.services[0].key, wanted.monitors[0].destination);
        let wanted_service = wanted.table.service(&key).expect("wanted").clone();
        let changes = [
            Change::DeleteService(key),
            Change::DeleteDestination(key, destination),
            Change::DeleteDestination(key, destination),
            Change::EditService(wanted_service),
            Change::DeleteService(key),
            Change::DeleteService(key),
        ];
        let no_service = |attempt| Err(Error::NoSuchService { attempt });
        let gone = Attempt::DeleteDestination(key, destination);
        let results = vec![
            no_service(Attempt::DeleteService(key)),
            no_service(gone),
            Err(Error::NoSuchDestination { attempt: gone }),
            no_service(Attempt::EditService(key)),
            Err(Error::Permission {
                attempt: Attempt::DeleteService(key),
            }),
            Ok(()),
        ];
        let failures: Vec<String> = made(&changes, results).map(|e| e.to_string()).collect();
        assert_eq!(
            failures,
            [
                "cannot change service -t 1.2.3.4:80: there is no such service",
                "cannot delete service -t 1.2.3.4:80: permission denied (CAP_NET_ADMIN is needed)",
            ]
        );
    }
}
