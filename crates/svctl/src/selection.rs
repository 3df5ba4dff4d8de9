//! The services that a command line names.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use daemontools::PERMANENT;

use crate::output::{ME, printable};
use crate::service::Service;
use crate::tree::{NotFound, Tree, resolve};

/// The services of these names, in their order. For a name that means none a message is
/// written. Gives the exit code too: 0, or 100 if one means none.
pub(crate) fn select(tree: &Tree, names: &[OsString]) -> (Vec<Service>, i32) {
    let mut code = 0;
    let mut services: Vec<Service> = Vec::new();
    for name in names {
        match resolve(tree, name.as_bytes()) {
            Ok(service) => services.push(service),
            Err(error) => {
                say(tree, &error);
                code = PERMANENT;
            }
        }
    }
    (services, code)
}

fn say(tree: &Tree, error: &NotFound) {
    let similar: Vec<String> = error.similar.iter().map(|name| printable(name)).collect();
    let hint = match similar.as_slice() {
        [] => String::new(),
        names => format!("; did you mean {}?", names.join(" or ")),
    };
    let name = printable(&error.name);
    let directory = printable(tree.directory().as_os_str().as_encoded_bytes());
    let text = match error.is_path {
        true => format!("no service directory {name}"),
        false => format!("no service {name} in {directory}{hint}"),
    };
    ME.warning(&[text.as_bytes()], None);
}
