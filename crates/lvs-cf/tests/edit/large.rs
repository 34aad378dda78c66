//! An edit of a mebibyte ends within a second of processor time, whatever is in it.
//!
//! `cargo test --release -p lvs-cf --test edit large` proves that. Without optimisation the files are
//! an eighth of the size and the limit is generous: that still finds any quadratic step.

use std::time::Duration;

use lvs_cf::{BlockPath, Document, Place};
use nix::time::{ClockId, clock_gettime};

const MIB: usize = (1 << 20) / if cfg!(debug_assertions) { 8 } else { 1 };
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("a thread has a clock")
        .into()
}

/// Does one thing to a document in time.
fn timed<T>(what: &str, name: &str, edit: impl FnOnce() -> T) {
    let start = cpu_time();
    edit();
    let took = cpu_time() - start;
    println!("{what}, {name}: {took:?}");
    assert!(took < LIMIT, "{what}, {name}: {took:?}");
}

/// Makes every kind of edit of `text`, which has a block `virtual v`, or is refused.
fn edit(what: &str, text: String) {
    let (mut document, _) = Document::parse(text.into_bytes());
    let d = &mut document;
    let v = BlockPath::virtual_server("v");
    let many = vec!["x"; 1000];
    timed(what, "blocks", || d.blocks().len());
    timed(what, "add", || d.add_block(v.server("new")));
    timed(what, "set new", || d.set(v.server("new"), "port", &["80"]));
    timed(what, "set", || d.set(v, "port", &many));
    timed(what, "set again", || d.set(v, "port", &many[1..]));
    timed(what, "unset", || d.unset(v, "port"));
    timed(what, "set global", || d.set(Place::Global, "port", &["80"]));
    timed(what, "remove", || d.remove_block(v));
}

#[test]
fn no_edit_takes_long() {
    let of = |piece: &str| piece.repeat(MIB / piece.len());
    edit(
        "servers",
        format!("virtual v {{\n{}}}\n", of(" server a {\n }\n")),
    );
    edit("named servers", {
        let names = 0..MIB / 20;
        let servers: String = names.map(|n| format!(" server a{n} {{\n }}\n")).collect();
        format!("virtual v {{\n{servers}}}\n")
    });
    edit(
        "services",
        format!("virtual v {{\n}}\n{}", of("virtual w {\n}\n")),
    );
    edit(
        "one directive",
        format!("virtual v {{\n{}}}\n", of("port = 80\n")),
    );
    edit(
        "one line",
        format!("virtual v {{\nport = {}\n}}\n", of("a ")),
    );
    edit(
        "quotes",
        format!("virtual v {{\nport = {}\n}}\n", of("'a' ")),
    );
    edit("comments", format!("{}virtual v {{\n}}\n", of("# c\n")));
    edit("blank lines", format!("virtual v {{\n{}}}\n", of("\n")));
    edit("open blocks", format!("virtual v {{\n}}\n{}", of("x {\n")));
    edit("nested", {
        let depth = MIB / 8;
        format!(
            "{}{}virtual v {{\n}}\n",
            "x {\n".repeat(depth),
            "}\n".repeat(depth)
        )
    });
}
