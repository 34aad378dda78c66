//! What the daemons share: command-line conventions, logging, daemonizing, pid files, children, readiness.
