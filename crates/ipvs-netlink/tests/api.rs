//! What callers rely on without calling it.

use ipvs_netlink::{Change, Client, Error, Plan, Results, Table};

fn is_sent_and_shared<T: Send + Sync + 'static>() {}

#[test]
fn a_client_and_what_it_gives_go_to_other_threads() {
    is_sent_and_shared::<Client>();
    is_sent_and_shared::<Error>();
    is_sent_and_shared::<Results>();
    is_sent_and_shared::<(Table, Plan, Change)>();
}

/// So that a task can move between the threads of a runtime.
#[cfg(feature = "tokio")]
#[test]
fn the_futures_of_the_adapter_go_to_other_threads() {
    use ipvs_netlink::AsyncClient;

    fn is_sent<T: Send>(_: T) {}
    #[expect(dead_code, reason = "compiling it is the test")]
    fn all(client: &mut AsyncClient, plan: &Plan) {
        is_sent(client.table());
        is_sent(client.batch(&plan.changes));
        is_sent(client.apply(plan));
    }
    is_sent_and_shared::<AsyncClient>();
}

/// A caller that takes everything keeps its own `tokio`, whichever features others have turned on.
#[cfg(feature = "tokio")]
#[test]
fn a_feature_hides_no_other_crate() {
    #[expect(unused_imports, reason = "what it must not bring is the test")]
    use ipvs_netlink::*;

    let _of_the_runtime = tokio::task::yield_now();
}
