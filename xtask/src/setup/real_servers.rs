//! The programs that stories run as real servers: nginx, sshd, vsftpd and so on.

use super::unpack::{Program, unpack};
use anyhow::Result;

/// Below cargo's target directory. `tests/real_servers.rs` looks there.
const DIRECTORY: &str = "real-servers";

const PROGRAMS: &[Program] = &[
    Program {
        path: "usr/sbin/nginx",
        package: "nginx",
    },
    Program {
        path: "usr/sbin/sshd",
        package: "openssh-server",
    },
    Program {
        path: "usr/bin/ssh",
        package: "openssh-client",
    },
    Program {
        path: "usr/bin/ssh-keygen",
        package: "openssh-client",
    },
    Program {
        path: "usr/sbin/vsftpd",
        package: "vsftpd",
    },
    Program {
        path: "usr/sbin/inetd",
        package: "openbsd-inetd",
    },
    // A peer, for figures.
    Program {
        path: "usr/sbin/keepalived",
        package: "keepalived",
    },
    Program {
        path: "usr/sbin/dnsmasq",
        package: "dnsmasq-base",
    },
    Program {
        path: "usr/sbin/rwhod",
        package: "rwhod",
    },
    Program {
        path: "usr/bin/ruptime",
        package: "rwho",
    },
    Program {
        path: "sbin/rpcbind",
        package: "rpcbind",
    },
    Program {
        path: "usr/sbin/rpc.rstatd",
        package: "rstatd",
    },
    Program {
        path: "usr/bin/rup",
        package: "rstat-client",
    },
];

/// Unpacks what is missing; see [`unpack`] for `update`.
pub(super) fn main(update: impl FnOnce() -> Result<()>) -> Result<()> {
    unpack(DIRECTORY, PROGRAMS, update).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::unpack::missing;
    use super::*;
    use std::path::Path;

    #[test]
    fn what_is_unpacked_is_not_missing() {
        let root = std::env::temp_dir().join(format!("xtask-servers-{}", std::process::id()));
        for program in PROGRAMS {
            let path = root.join(program.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        assert_eq!(missing(&root, PROGRAMS), Vec::<&str>::new());
        // Both programs of one package are gone: it is named once, unless this machine has it.
        for path in ["usr/bin/ssh", "usr/bin/ssh-keygen"] {
            std::fs::remove_file(root.join(path)).unwrap();
        }
        let found = missing(&root, PROGRAMS);
        std::fs::remove_dir_all(&root).unwrap();
        let here = Path::new("/usr/bin/ssh").exists() && Path::new("/usr/bin/ssh-keygen").exists();
        assert_eq!(found, if here { vec![] } else { vec!["openssh-client"] });
    }
}
