//! The IPVS table, as far as pulse touches it: what lvsd left behind goes.

use ipvs_netlink::{Change, Client, Error, ServiceKey};

/// Whether this kernel has IPVS and lets us at it.
///
/// # Errors
/// What is missing, in words for the admin.
pub fn check() -> Result<(), Error> {
    Client::open()?.info().map(drop)
}

/// Removes those of `services` that are in the table, and says how many they were.
///
/// # Errors
/// The first thing the kernel refused; the other services are gone all the same.
pub fn clear(services: &[ServiceKey]) -> Result<usize, Error> {
    let mut client = Client::open()?;
    let left: Vec<Change> = client
        .services()?
        .into_iter()
        .map(|entry| entry.service.key)
        .filter(|key| services.contains(key))
        .map(Change::DeleteService)
        .collect();
    let mut cleared = 0;
    let mut first_error = None;
    for result in client.batch(&left) {
        match result {
            Ok(()) | Err(Error::NoSuchService { .. }) => cleared += 1,
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(cleared), Err)
}
