//! What programs tell, and who is heard.

use nix::sys::signal::Signal;

use crate::place::{Place, until};

#[test]
fn a_client_without_a_newline_is_ready() {
    let place = Place::new();
    let _program = place.notify(&[], r#"say(b"READY=1"); rest()"#);
    place.until_ready();
}

#[test]
fn ready_in_pieces_with_other_fields_is_one_newline() {
    let place = Place::new();
    let script = r#"
say(b"STATUS=begins\nMAINPID=1\n", b"EXTEND_TIMEOUT_USEC=5", b"X" * 9000)
say(b"STATUS=up\nREADY=1\nMAINPID=%d\n" % os.getpid(), b"READY=1", b"STOPPING=1\n")
for _ in range(2000):
    say(b"STATUS=busy")
print("said", flush=True)
"#;
    let mut program = place.notify(&[], script);
    assert_eq!(program.end(), 0);
    assert_eq!(program.stdout(), "said\n");
    assert_eq!(place.text("ready"), "\n");
}

#[test]
fn what_is_no_ready_writes_nothing() {
    let place = Place::new();
    let script = r#"
say(b"READY=0", b"STATUS=READY=1", b"READY=10", b"", b"\xff\n\0", b"STATUS=" + b"x" * 4090 + b"\nREADY=1")
"#;
    let mut program = place.notify(&[], script);
    assert_eq!(program.end(), 0);
    // It has read all of it when it has closed standard error.
    assert_eq!(program.stderr(), "");
    assert_eq!(place.text("ready"), "");
}

#[test]
fn a_descriptor_that_is_passed_is_closed() {
    let place = Place::new();
    let script = r#"
reader, writer = os.pipe()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
many = array.array("i", [writer] * 200)
s.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])
os.close(writer)
os.read(reader, 1)
print("passed", flush=True)
"#;
    let mut program = place.notify(&[], script);
    assert_eq!(program.stdout(), "passed\n");
}

#[test]
fn a_program_that_has_closed_all_descriptors_is_heard() {
    let place = Place::new();
    let _program = place.notify(&[], r#"os.closerange(0, 1000); say(b"READY=1"); rest()"#);
    place.until_ready();
}

#[test]
fn a_program_that_has_become_another_user_is_heard_and_others_are_not() {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: only root can become another user");
        return;
    }
    let place = Place::new();
    let script = r#"
def as_user(user, *messages):
    if os.fork() == 0:
        os.setuid(user)
        say(*messages)
        os._exit(0)
    os.wait()
as_user(65533, b"READY=1")
# Once this is closed, the message before it has been read.
reader, writer = os.pipe()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer]))])
os.close(writer)
os.read(reader, 1)
print("said", flush=True)
signal.sigwait({signal.SIGUSR1})
os.setuid(65534)
say(b"READY=1")
rest()
"#;
    let mut program = place.notify(&[], &format!("signal.pthread_sigmask(0, {{10}})\n{script}"));
    assert_eq!(
        program.read_line(),
        "said
"
    );
    assert_eq!(place.text("ready"), "");
    program.signal(Signal::SIGUSR1);
    place.until_ready();
}

#[test]
fn without_a_sign_of_life_it_is_aborted_and_that_is_said() {
    let place = Place::new();
    let mut program = place.notify(&["--watchdog=0.5"], r#"say(b"READY=1"); rest()"#);
    assert_eq!(program.end(), -6);
    let wanted = "notifyfd: warning: web: no WATCHDOG=1 for 0.5 s: aborting it\n";
    assert_eq!(program.stderr(), wanted);
}

#[test]
fn one_that_survives_abort_is_killed() {
    let place = Place::new();
    let script = r#"signal.signal(signal.SIGABRT, signal.SIG_IGN); say(b"READY=1"); rest()"#;
    let mut program = place.notify(&["--watchdog", "0.5"], script);
    assert_eq!(program.end(), -9);
    let wanted = "\
notifyfd: warning: web: no WATCHDOG=1 for 0.5 s: aborting it
notifyfd: warning: web did not end within 10 s of ABRT: killed
";
    assert_eq!(program.stderr(), wanted);
}

#[test]
fn one_that_tells_as_often_as_it_is_asked_to_lives() {
    let place = Place::new();
    let script = r#"
limit = int(os.environ["WATCHDOG_USEC"]) / 1e6
assert int(os.environ["WATCHDOG_PID"]) == os.getpid()
say(b"READY=1")
for _ in range(8):
    time.sleep(limit / 2)
    say(b"WATCHDOG=1")
"#;
    let mut program = place.notify(&["--watchdog=1.5"], script);
    assert_eq!(program.end(), 0);
    assert_eq!(program.stderr(), "");
}

#[test]
fn the_watchdog_waits_for_ready_and_for_a_program_that_is_stopped() {
    let place = Place::new();
    let script = r#"
time.sleep(1.5)
say(b"READY=1")
print("ready", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
os._exit(7)
"#;
    let mut program = place.notify(&["--watchdog=1"], script);
    place.until_ready();
    let stat = format!("/proc/{}/stat", program.pid());
    until("it is stopped", || {
        std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T "))
    });
    // The process behind looks at it several times within this.
    std::thread::sleep(std::time::Duration::from_secs(3));
    program.signal(Signal::SIGCONT);
    assert_eq!(program.end(), 7);
    assert_eq!(program.stderr(), "");
}
