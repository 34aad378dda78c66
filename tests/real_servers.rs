//! Programs that real servers run, as `cargo xtask setup` has unpacked them, or as this machine has
//! them installed; and what they need of a host that is not theirs.

use lab::{Error, Host, Lab, Process, Program, Result};
use std::path::PathBuf;
use std::time::Duration;

/// Below cargo's target directory.
const DIRECTORY: &str = "real-servers";
/// How long a daemon may take to be there.
const SOON: Duration = Duration::from_secs(20);
/// Where packages have programs.
const PLACES: [&str; 4] = ["usr/sbin", "usr/bin", "sbin", "bin"];

/// Where the programs are unpacked.
fn unpacked() -> Result<PathBuf> {
    Ok(lab::target_dir()?.join(DIRECTORY))
}

/// The path of one of these programs.
pub fn real_server_program(name: &str) -> Result<PathBuf> {
    for root in [unpacked()?, PathBuf::from("/")] {
        for place in PLACES {
            let path = root.join(place).join(name);
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    Err(Error::broken(format!(
        "there is no {name} here: run `cargo xtask setup`"
    )))
}

/// Where their libraries are that this machine does not have: for `LD_LIBRARY_PATH`.
pub fn library_path() -> Result<String> {
    let root = unpacked()?;
    let mut found = Vec::new();
    for place in ["usr/lib", "lib"] {
        let Ok(entries) = std::fs::read_dir(root.join(place)) else {
            continue;
        };
        for entry in entries.flatten() {
            if entry.file_name().to_string_lossy().ends_with("-linux-gnu") {
                found.push(entry.path().display().to_string());
            }
        }
    }
    Ok(found.join(":"))
}

/// Starts one of these programs in a host.
pub fn start(host: &Host, name: &str, args: &[&str]) -> Result<Process> {
    let program = Program::new(name, real_server_program(name)?)
        .args(args)
        .env("LD_LIBRARY_PATH", library_path()?);
    host.start(program)
}

/// Writes a file for a host's programs, and returns its path.
pub fn write_file(host: &Host, name: &str, text: &str) -> Result<PathBuf> {
    let path = host.dir().join(name);
    std::fs::write(&path, text).map_err(|source| Error::Io {
        doing: format!("write {}", path.display()),
        source,
    })?;
    Ok(path)
}

/// Starts nginx on port 80 of a host. It answers every request with the host's name.
pub fn start_nginx(host: &Host) -> Result<Process> {
    let text = format!(
        "\
daemon off;
user root;
pid /run/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path /run/body;
    proxy_temp_path /run/proxy;
    fastcgi_temp_path /run/fastcgi;
    uwsgi_temp_path /run/uwsgi;
    scgi_temp_path /run/scgi;
    server {{
        listen 80;
        location / {{ return 200 \"{}\\n\"; }}
    }}
}}
",
        host.name()
    );
    let file = write_file(host, "nginx.conf", &text)?.display().to_string();
    start(host, "nginx", &["-e", "stderr", "-p", "/run", "-c", &file])
}

/// Starts vsftpd on port 21 of a host. It greets with `220` and a line of its own.
pub fn start_vsftpd(host: &Host) -> Result<Process> {
    host.tool(&["mkdir", "-p", "/run/vsftpd/empty"])?;
    let text = "\
listen=YES
background=NO
anonymous_enable=NO
local_enable=YES
ftp_username=nobody
nopriv_user=nobody
secure_chroot_dir=/run/vsftpd/empty
seccomp_sandbox=NO
";
    let file = write_file(host, "vsftpd.conf", text)?;
    start(host, "vsftpd", &[&file.display().to_string()])
}

/// Starts inetd on a host, with its own services for UDP: `echo` on port 7, `daytime` on port 13.
pub fn start_inetd(host: &Host) -> Result<Process> {
    let text = "\
echo dgram udp wait root internal
daytime dgram udp wait root internal
";
    let file = write_file(host, "inetd.conf", text)?;
    start(host, "inetd", &["-i", &file.display().to_string()])
}

/// Starts dnsmasq on port 53 of a host. It knows one name, `www.example.org`, as 192.0.2.80.
pub fn start_dnsmasq(host: &Host) -> Result<Process> {
    start(
        host,
        "dnsmasq",
        &[
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=/run/dnsmasq.pid",
            "--user=root",
            "--group=root",
            "--no-resolv",
            "--no-hosts",
            "--log-facility=-",
            "--address=/www.example.org/192.0.2.80",
        ],
    )
}

/// Starts sshd on port 22 of a host, with keys of its own. The file that it takes root's keys from
/// is returned too.
pub fn start_sshd(host: &Host) -> Result<(Process, PathBuf)> {
    // Installed, its package makes the user that it gives its privileges up to.
    set_user(host, "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin")?;
    // What this machine's root has his shell do at each login is his own affair.
    set_user(host, "root:x:0:0:root:/run:/bin/sh")?;
    host.tool(&["mkdir", "-p", "-m", "755", "/run/sshd"])?;
    let key = make_key(host, "host_key")?.display().to_string();
    let keys = write_file(host, "authorized_keys", "")?;
    let text = format!(
        "\
HostKey {key}
AuthorizedKeysFile {}
PidFile /run/sshd.pid
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
",
        keys.display()
    );
    let file = write_file(host, "sshd_config", &text)?
        .display()
        .to_string();
    // It starts itself anew for each connection, and wants a whole path for that.
    Ok((start(host, "sshd", &["-D", "-e", "-f", &file])?, keys))
}

/// Makes a key without a passphrase, and returns the path of its private part.
pub fn make_key(host: &Host, name: &str) -> Result<PathBuf> {
    let path = host.dir().join(name);
    let program = real_server_program("ssh-keygen")?.display().to_string();
    let file = path.display().to_string();
    host.tool(&[
        &program, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &file,
    ])?;
    Ok(path)
}

/// Gives a host a user, by a line as `/etc/passwd` has them, or changes one: there alone, not in this
/// machine's own file.
fn set_user(host: &Host, line: &str) -> Result<()> {
    let name = line.split_inclusive(':').next().unwrap_or(line);
    let users = host.read_file("/etc/passwd")?;
    let others = users.lines().filter(|line| !line.starts_with(name));
    let lines: Vec<_> = others.chain([line, ""]).collect();
    cover(host, "passwd", &lines.join("\n"))
}

/// Covers a file of `/etc` by another one, in this host alone.
fn cover(host: &Host, name: &str, text: &str) -> Result<()> {
    let file = write_file(host, name, text)?.display().to_string();
    host.tool(&["mount", "--bind", &file, &format!("/etc/{name}")])
        .map(drop)
}

/// Starts the rwho daemon on a host that calls itself `name` there. What it hears is in the host's
/// own `/var/spool/rwho`. It speaks when it starts, and then every three minutes; where it runs
/// already, it is started anew.
pub fn start_rwhod(host: &Host, name: &str) -> Result<()> {
    let running = host.processes();
    let running = running.iter().filter(|process| process.name == "rwhod");
    let pids: Vec<_> = running.map(|process| process.pid.to_string()).collect();
    if pids.is_empty() {
        host.tool(&["mount", "-t", "tmpfs", "tmpfs", "/var/spool"])?;
        host.tool(&["mkdir", "/var/spool/rwho"])?;
    }
    for pid in pids {
        host.tool(&["kill", "-9", &pid])?;
    }
    let rwhod = real_server_program("rwhod")?.display().to_string();
    let script = format!("hostname {name} && exec {rwhod} -b -u root");
    // It goes to the background by itself.
    host.tool(&["unshare", "--uts", "sh", "-c", &script])
        .map(drop)
}

/// Starts the portmapper and the daemon of rstat on a host, one after the other.
pub fn start_rstatd(lab: &Lab, host: &Host) -> Result<Process> {
    set_user(host, "_rpc:x:65532:65534::/run/rpcbind:/usr/sbin/nologin")?;
    host.tool(&["mkdir", "-p", "/run/rpcbind"])?;
    let rpcbind = start(host, "rpcbind", &["-f"])?;
    lab.wait("the portmapper", SOON, || {
        Ok(host.tool(&["test", "-S", "/run/rpcbind.sock"]).is_ok())
    })?;
    // It goes to the background by itself.
    start(host, "rpc.rstatd", &[])?;
    let rpcinfo = real_server_program("rpcinfo")?.display().to_string();
    lab.wait("rstat at the portmapper", SOON, || {
        Ok(host.tool(&[&rpcinfo, "-p"])?.contains("100001"))
    })?;
    Ok(rpcbind)
}

/// Gives a host names for addresses, beside those of this machine.
pub fn name_hosts(host: &Host, lines: &str) -> Result<()> {
    cover(host, "hosts", &(host.read_file("/etc/hosts")? + lines))
}
