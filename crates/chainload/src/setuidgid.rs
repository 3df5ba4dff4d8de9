//! setuidgid: a program under an account's user and group. It fails closed: groups,
//! then the group, then the user, and each is looked at again afterwards.

use core::ffi::CStr;

use daemontools::strerr::{Fatal, Reporter};
use daemontools::unix::account;
use daemontools::{Args, getopt};

use crate::become_program;

static ME: Reporter = Reporter::new("setuidgid");

/// Becomes the account, and then the program. `-s` as the first word, as in
/// daemontools-encore, asks for the account's supplementary groups; without it
/// there are none but its primary one.
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
    become_program(&ME, args, index + 1)
}
