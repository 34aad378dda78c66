//! The limit of open files: raised for many monitors, put back for each of them. One test alone in
//! its process, because a limit is the whole process's.

use std::borrow::Cow;
use std::time::Duration;

use lvsd::fd_limit::FdLimit;
use lvsd::monitor_argv::CommandLine;
use lvsd::monitors::{Event, Monitors, Spec, Stream};
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

const SOFT: rlim_t = 80;
const HARD: rlim_t = 300;
const MONITORS: usize = 100;

#[tokio::test]
async fn many_monitors_have_their_pipes_and_the_limit_they_had() {
    setrlimit(Resource::RLIMIT_NOFILE, SOFT, HARD).expect("lowered");
    let error = FdLimit::ensure(119)
        .expect_err("more than there are")
        .to_string();
    assert_eq!(
        error,
        "119 monitors need 302 open files, but the hard limit is 300 (ulimit -Hn)"
    );
    assert_eq!(
        getrlimit(Resource::RLIMIT_NOFILE),
        Ok((SOFT, HARD)),
        "nothing was changed"
    );
    FdLimit::ensure(8).expect("enough");
    assert_eq!(
        getrlimit(Resource::RLIMIT_NOFILE),
        Ok((SOFT, HARD)),
        "no need"
    );

    let limit = FdLimit::ensure(MONITORS).expect("raised");
    let mut monitors = Monitors::new(limit, false).expect("a set");
    for _ in 0..MONITORS {
        let number = monitors.add(Spec {
            program: "/bin/sh".into(),
            command_line: CommandLine {
                program: "nanny".to_owned(),
                args: ["-c", "echo $(ulimit -Sn) $(ulimit -Hn) >&2; exec sleep 60"]
                    .map(Cow::Borrowed)
                    .into(),
            },
        });
        monitors.start(number);
    }
    let mut heard = 0;
    while heard < MONITORS {
        let event = tokio::time::timeout(Duration::from_secs(20), monitors.next()).await;
        match event.expect("something happens") {
            Some(Event::Started(..)) => {}
            Some(Event::Line(_, Stream::Stderr, line)) => {
                assert_eq!(String::from_utf8_lossy(&line), format!("{SOFT} {HARD}"));
                heard += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    monitors.terminate(Duration::from_secs(5));
    while monitors.next().await.is_some() {}
}
