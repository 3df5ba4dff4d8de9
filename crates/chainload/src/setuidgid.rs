//! setuidgid: a program with the user and groups of an account. It sets supplementary
//! groups, group and user in this order, and checks each; the program is not run if one is
//! wrong.

use core::ffi::CStr;

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::account;
use daemontools::{Args, getopt};

use crate::next;

static ME: Reporter = Reporter::new("setuidgid");

/// Sets user and groups, then execs the program. With `-s` as the first word, as in
/// daemontools-encore, the account's supplementary groups are set too, else its primary
/// group alone. Gives the exit code if that failed.
pub fn setuidgid(args: Args) -> i32 {
    run(args).code()
}

fn run(args: Args) -> Fatal {
    let supplementary = args.get(1).is_some_and(|word| word == c"-s");
    let index = if supplementary { 2 } else { 1 };
    let (Some(name), Some(_)) = (args.get(index), args.get(index + 1)) else {
        return getopt::usage(&ME, "setuidgid account child");
    };
    let Some(account) = account::find(name) else {
        return ME.fatal(&[b"unknown account ", CStr::to_bytes(name)], None);
    };
    let groups = if supplementary {
        account::groups(name, account.gid)
    } else {
        Ok(vec![account.gid])
    };
    let group = groups.and_then(|groups| account::become_group(account.gid, &groups));
    if let Err(error) = group {
        return ME.fatal(&[b"unable to setgid"], error);
    }
    if let Err(error) = account::become_user(account.uid) {
        return ME.fatal(&[b"unable to setuid"], error);
    }
    next::exec(&ME, args, index + 1)
}
