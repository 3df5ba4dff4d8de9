//! `/etc/default/daemontools`: who may look at services that are enabled, and who may steer
//! them. `update-service` reads it as a shell script; here lines `NAME=VALUE` count.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

use daemontools::Errno;
use daemontools::unix::file::{self, PathError};

use crate::access::{Access, Who};
use crate::service::c_path;

const PATH: &str = "/etc/default/daemontools";

/// What the file asks for.
///
/// # Errors
/// It can't be read, or understood, or another user may write it: for a message.
pub(crate) fn read() -> Result<Access, String> {
    let failed = |why: &str| format!("unable to read {PATH}: {why}");
    let path = c_path(Path::new(PATH)).unwrap_or_default();
    match file::open_file_safely(&path) {
        Err(PathError::System(Errno::ENOENT)) => Ok(Access::OWNER),
        Err(error) => Err(failed(&error.to_string())),
        Ok(file) => {
            let text = read_all(file).map_err(|error| failed(&error.to_string()))?;
            parse(&text).map_err(|why| format!("{PATH}: {why}"))
        }
    }
}

fn read_all(file: OwnedFd) -> std::io::Result<String> {
    let mut text = String::new();
    File::from(file).read_to_string(&mut text)?;
    Ok(text)
}

fn parse(text: &str) -> Result<Access, String> {
    let (mut status, mut control) = (None, None);
    for line in text.lines() {
        let Some((name, value)) = line.trim().split_once('=') else {
            continue;
        };
        let value = value.trim_matches(['"', '\'']);
        let found = match name {
            "STATUS_GROUP" => &mut status,
            "CONTROL_GROUP" => &mut control,
            _ => continue,
        };
        *found = match value {
            "" => None,
            value => Some(Who::parse(value)?),
        };
    }
    Access::new(status, control).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_shell_script_are_read() {
        let group = |gid| Who::Group(gid);
        for (text, status, control) in [
            ("", Who::Owner, Who::Owner),
            ("# STATUS_GROUP=4\nOTHER=x\n", Who::Owner, Who::Owner),
            ("STATUS_GROUP=4\n", group(4), Who::Owner),
            (
                "STATUS_GROUP=\"all\"\nCONTROL_GROUP='7'\n",
                Who::All,
                group(7),
            ),
            ("  CONTROL_GROUP=7", group(7), group(7)),
            ("STATUS_GROUP=4\nSTATUS_GROUP=\n", Who::Owner, Who::Owner),
        ] {
            assert_eq!(parse(text), Ok(Access { status, control }), "{text}");
        }
        for text in [
            "STATUS_GROUP=no such group\n",
            "CONTROL_GROUP=all\n",
            "STATUS_GROUP=1\nCONTROL_GROUP=2\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
