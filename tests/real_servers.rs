//! Programs that real servers run, as `cargo xtask setup` has unpacked them, or as this machine has
//! them installed; and what they need of a host that is not theirs.

use lab::{Error, Host, Process, Program, Result};
use std::path::PathBuf;

/// Below cargo's target directory.
const DIRECTORY: &str = "real-servers";
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
