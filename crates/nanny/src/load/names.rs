//! The host names of the real server, which identify it in the rwho files; the settings may have
//! its address only.
//!
//! `getent hosts ADDRESS` prints them. A lookup in this process would block the checks while a name
//! server does not answer, and a statically linked program lacks some of the system's name
//! services.

use std::net::IpAddr;

/// The program.
pub const PROGRAM: &str = "getent";

/// The arguments that query the names of `address`.
#[must_use]
pub fn arguments(address: IpAddr) -> [String; 2] {
    ["hosts".to_owned(), address.to_string()]
}

/// Parses the output: each line has an address, then names.
#[must_use]
pub fn read(output: &[u8]) -> Vec<String> {
    /// No real server has more names.
    const MOST: usize = 64;
    let text = String::from_utf8_lossy(output);
    let names = text
        .lines()
        .flat_map(|line| line.split_whitespace().skip(1));
    names.take(MOST).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parses_getent_output() {
        assert_eq!(
            read(b"10.1.1.2        rs1.example.com rs1 www\n"),
            ["rs1.example.com", "rs1", "www"]
        );
        assert_eq!(
            read(b"::1             localhost ip6-localhost\nfe80::1 x\n"),
            ["localhost", "ip6-localhost", "x"]
        );
        assert!(read(b"").is_empty());
        assert!(read(b"10.1.1.2\n\n").is_empty());
        assert_eq!(read("a ".repeat(1000).as_bytes()).len(), 64);
    }

    #[test]
    fn getent_resolves_localhost() {
        let address: IpAddr = "127.0.0.1".parse().expect("an address");
        let output = std::process::Command::new(PROGRAM)
            .args(arguments(address))
            .output()
            .expect("getent runs");
        let names = read(&output.stdout);
        assert!(names.iter().any(|name| name == "localhost"), "{names:?}");
    }

    proptest! {
        #[test]
        fn parses_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let names = read(&bytes);
            prop_assert!(names.iter().all(|name| !name.contains(char::is_whitespace)));
        }
    }
}
