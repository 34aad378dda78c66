//! Programs the IPVS table from lvs.cf and keeps one monitor per real server.
