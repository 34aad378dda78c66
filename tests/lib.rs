//! What the scenarios share: the five-node cluster of the HOWTO, and its configuration.
