//! Real clusters for tests: network namespaces in a guest kernel or on the host.
