use super::*;

const SOON: Duration = Duration::from_secs(5);
const NEVER: Duration = Duration::from_millis(60);

fn shell(script: &str) -> Launch {
    Launch {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        env: vec![("WORD".into(), "hello".into())],
        cwd: None,
    }
}

fn spawn(script: &str) -> Process {
    Process::spawn(&shell(script), &Limits::default()).expect("it starts")
}

/// A file that a script writes once it is ready; a named pipe, so that nothing needs to be polled.
struct Ready(tempfile::TempDir);

impl Ready {
    fn new() -> Self {
        let ready = Self(tempfile::tempdir().expect("a directory"));
        let made = std::process::Command::new("mkfifo").arg(ready.path()).status().expect("mkfifo");
        assert!(made.success());
        ready
    }

    fn path(&self) -> String {
        self.0.path().join("ready").to_string_lossy().into_owned()
    }

    /// What the script wrote.
    async fn text(&self) -> String {
        let text = timeout(SOON, tokio::fs::read_to_string(self.path())).await;
        text.expect("in time").expect("text").trim().to_owned()
    }
}

/// Whether a process runs; one that is dead and not yet reaped by the system does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}

#[tokio::test]
async fn a_program_is_stopped_by_sigterm() {
    let ready = Ready::new();
    let process = spawn(&format!(
        "trap 'exit 7' TERM; echo x > {}; while :; do sleep 0.01; done",
        ready.path()
    ));
    ready.text().await;
    assert_eq!(process.exited(), None);
    let stopped = process.stop(SOON).await;
    assert_eq!(
        stopped,
        Stopped { exit: Some(Exit { code: Some(7), signal: None }), by: Means::Terminate }
    );
}

#[tokio::test]
async fn a_program_that_ignores_sigterm_is_killed_with_its_children() {
    let ready = Ready::new();
    let process =
        spawn(&format!("trap '' TERM; sleep 1000 & echo $! > {}; wait; wait", ready.path()));
    let child = ready.text().await;
    assert!(runs(&child));
    let stopped = process.stop(NEVER).await;
    assert_eq!(
        stopped,
        Stopped { exit: Some(Exit { code: None, signal: Some(9) }), by: Means::Kill }
    );
    assert!(!runs(&child));
}

#[tokio::test]
async fn what_an_exited_program_left_in_its_group_is_ended_too() {
    let ready = Ready::new();
    let process = spawn(&format!("sleep 1000 & echo $! > {}; exit 3", ready.path()));
    let child = ready.text().await;
    assert_eq!(process.wait_exit(SOON).await, Some(Exit { code: Some(3), signal: None }));
    assert!(runs(&child));
    let stopped = process.stop(SOON).await;
    assert_eq!(
        stopped,
        Stopped { exit: Some(Exit { code: Some(3), signal: None }), by: Means::Itself }
    );
    assert!(!runs(&child));
}

#[tokio::test]
async fn dropping_it_kills_the_group() {
    let ready = Ready::new();
    let process = spawn(&format!("sleep 1000 & echo $! > {}; wait", ready.path()));
    let child = ready.text().await;
    let mut exit = process.exit.clone();
    drop(process);
    let exit = timeout(SOON, exit.wait_for(Option::is_some))
        .await
        .expect("in time")
        .expect("it is reaped");
    assert_eq!(*exit, Some(Exit { code: None, signal: Some(9) }));
    // The shell and its child are killed by one call; the child's end can be seen a moment later.
    while runs(&child) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn output_is_drained_and_its_end_is_kept() {
    let process = spawn(
        "i=0; while [ $i -lt 40000 ]; do echo 0123456789; i=$((i+1)); done >&2; echo $WORD; echo end >&2",
    );
    let exit = process.wait_exit(Duration::from_secs(20)).await;
    assert_eq!(exit, Some(Exit { code: Some(0), signal: None }));
    let stderr = process.stderr_tail();
    assert_eq!(stderr.len(), Limits::default().tail_bytes);
    assert!(stderr.lossy().ends_with("0123456789\nend\n"));
}

#[tokio::test]
async fn standard_input_stays_open_until_it_is_stopped() {
    let process = spawn("cat; exit 5");
    assert_eq!(process.wait_exit(NEVER).await, None);
    drop(process.stdin.lock().expect("no panic").take());
    assert_eq!(process.wait_exit(SOON).await, Some(Exit { code: Some(5), signal: None }));
}

#[tokio::test]
async fn a_frozen_program_is_stopped_too() {
    let process = spawn("sleep 1000");
    process.signal(Signal::Stop).expect("it runs");
    assert!(process.stop(NEVER).await.exit.is_some());
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_an_error() {
    let launch = Launch { program: "/no/such/program".into(), ..Launch::default() };
    let error = Process::spawn(&launch, &Limits::default()).map(drop).expect_err("not there");
    assert_eq!(error.to_string(), "/no/such/program: no such file or directory (os error 2)");
}
