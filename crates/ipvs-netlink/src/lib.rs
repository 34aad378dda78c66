//! The kernel's IPVS over generic netlink, typed.
