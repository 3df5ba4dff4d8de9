//! The inheritance of a service: exactly that of supervise.

use std::fs::File;

use conformance::case::Need;
use conformance::{Case, Cmd, Side};
use nix::sys::signal::Signal;

/// Writes its inheritance to `report`; runs once.
const RUN: &str = r#"#!/usr/bin/perl
use POSIX;
my %fds;
opendir(my $dir, '/proc/self/fd') or die;
for (readdir $dir) { my $to = readlink("/proc/self/fd/$_"); $fds{$_} = $to if defined $to && $to !~ m{^/proc/} }
closedir $dir;
open(my $out, '>', 'report.new') or die;
for (sort { $a <=> $b } keys %fds) {
    my $to = $fds{$_}; $to =~ s{.*/out/[0-9]+\.}{captured }; $to =~ s{:\[[0-9]+\]}{};
    print $out "descriptor $_: $to\n";
}
open(my $status, '<', '/proc/self/status') or die;
while (<$status>) { print $out $_ if /^(Sig(Blk|Ign)|Umask|Groups|[UG]id|NoNewPrivs|Seccomp:)/ }
open(my $limits, '<', '/proc/self/limits') or die;
while (<$limits>) { print $out $_ if /cpu time|file size|core|stack|open files/ }
print $out "own session: ", (POSIX::getpid() == getpgrp(0) ? 'yes' : 'no'), "\n";
print $out "parent's group: ", (getppid() == getpgrp(0) ? 'yes' : 'no'), "\n";
print $out "directory: ", getcwd(), "\n";
print $out "arguments: $0 @ARGV\n";
print $out "nice: ", getpriority(0, 0), "\n";
open(my $environ, '<', '/proc/self/environ') or die;
local $/ = "\0";
while (<$environ>) { chomp; print $out "environment: <$_>\n" }
close $out;
rename('report.new', 'report');
"#;

/// Starts supervise with this inheritance; logs the report of its service.
fn report(
    name: &str,
    given: impl for<'a> Fn(Cmd<'a>, &Side) -> Cmd<'a> + Send + Sync + 'static,
) -> Case {
    Case::scenario(name, move |side| {
        side.executable("x/run", RUN);
        side.file("x/down", "");
        let command = given(side.command(["supervise", "x"]), side);
        let _supervise = command.spawn_until("ready", |_| {
            side.is_supervised("x") && side.status("x").is_some()
        });
        side.control("x", b"o");
        side.until("the report", || side.exists("x/report"));
        side.log_file("x/report");
        side.until_status("x", "down again", conformance::Status::is_down);
    })
    .without_files()
}

fn file(side: &Side, name: &str) -> File {
    File::open(side.file(name, name)).expect("a file")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = descriptors();
    cases.extend(environments());
    cases.extend(signals());
    cases.extend([
        report("umask 0", |command, _| command.umask(0)),
        report("umask 0777", |command, _| command.umask(0o777)).needs(Need::Root),
        report("a limit of descriptors", |command, _| {
            command.limit(libc::RLIMIT_NOFILE, 77)
        }),
        report("a limit of core files", |command, _| {
            command.limit(libc::RLIMIT_CORE, 0)
        }),
        report("a limit of file sizes", |command, _| {
            command.limit(libc::RLIMIT_FSIZE, 1_000_000)
        }),
    ]);
    cases
}

fn descriptors() -> Vec<Case> {
    vec![
        report("standard descriptors", |command, _| command),
        report("more descriptors", |command, side| {
            command
                .pass(3, file(side, "three"))
                .pass(4, file(side, "four"))
                .pass(9, file(side, "nine"))
        }),
        report("many descriptors", |command, side| {
            (3..60).fold(command, |command, number| {
                command.pass(number, file(side, &format!("file {number}")))
            })
        }),
        report("a high descriptor", |command, side| {
            command.pass(200, file(side, "far"))
        }),
        report("standard input closed", |command, _| command.close(0)),
        report("standard output closed", |command, _| command.close(1)),
        report("standard error closed", |command, _| command.close(2)),
        report("all standard descriptors closed", |command, _| {
            command.close(0).close(1).close(2)
        }),
        report("standard input closed, others given", |command, side| {
            command
                .close(0)
                .pass(3, file(side, "three"))
                .pass(5, file(side, "five"))
        }),
        report("standard input is a pipe", |command, side| {
            let (read, write) = side.pipe();
            side.hold(write);
            command.stdin_file(read)
        }),
    ]
}

fn environments() -> Vec<Case> {
    vec![
        report("no environment", |command, _| command.env_clear()),
        report("variables twice", |command, _| {
            command.env("A=1").env("B=2").env("A=3").env("PATH=/other")
        }),
        report("an entry without an equals sign", |command, _| {
            command.env("lonely").env("A=1").env("")
        }),
        report("odd names and values", |command, _| {
            command
                .env("=x")
                .env("A==")
                .env(b"\xff=\xfe\n".to_vec())
                .env("A B= ")
        }),
        report("a large environment", |command, _| {
            command.env(format!("A={}", "x".repeat(100_000)))
        }),
        report(
            "RUST_LOG and RUST_BACKTRACE change nothing",
            |command, _| command.env("RUST_LOG=trace").env("RUST_BACKTRACE=full"),
        ),
    ]
}

fn signals() -> Vec<Case> {
    use Signal::*;
    vec![
        report("TERM blocked", |command, _| command.block(SIGTERM)),
        report("CHLD blocked is unblocked for the service", |command, _| {
            command.block(SIGCHLD)
        }),
        report("most signals blocked", |command, _| {
            Signal::iterator().fold(command, Cmd::block)
        }),
        report("PIPE ignored", |command, _| command.ignore(SIGPIPE)),
        report("HUP, INT, QUIT and TERM ignored", |command, _| {
            [SIGHUP, SIGINT, SIGQUIT, SIGTERM]
                .into_iter()
                .fold(command, Cmd::ignore)
        }),
        report("CHLD ignored is default for the service", |command, _| {
            command.ignore(SIGCHLD)
        }),
        report("XFSZ ignored", |command, _| command.ignore(SIGXFSZ)),
    ]
}
