//! The command line of pulse.

use std::path::PathBuf;

use clap::Parser;

/// Supervises an LVS router: exchanges heartbeats with its partner, and on failover takes over
/// the floating addresses and starts lvsd.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "pulse",
    override_usage = "pulse [-c FILE] [-n] [-v] [-t] [--forceactive] [--lvs=PATH]"
)]
pub struct Cli {
    /// Configuration file [default: /etc/lvs.cf, else /etc/sysconfig/ha/lvs.cf]
    #[arg(short = 'c', long = "configfile", value_name = "FILE")]
    pub config_file: Option<PathBuf>,
    /// Stay in the foreground and log to stdout
    #[arg(short = 'n', long = "nodaemon")]
    pub no_daemon: bool,
    /// Log more
    #[arg(short, long)]
    pub verbose: bool,
    /// Log what would be done, and change nothing
    #[arg(short = 't', long = "test-start", visible_alias = "norun")]
    pub trial: bool,
    /// Become active at start
    #[arg(long = "forceactive")]
    pub force_active: bool,
    /// lvsd program [default: the one next to pulse, else /usr/sbin/lvsd]
    #[arg(long = "lvs", visible_alias = "lvsd", value_name = "PATH")]
    pub lvsd: Option<PathBuf>,
    /// fos program; not supported in this version
    #[arg(long, value_name = "PATH")]
    pub fos: Option<PathBuf>,
}
