//! notifyfd and healthcheck, and the process that each leaves behind: with programs that
//! speak `sd_notify(3)`, and with checks that fail, hang and are missing.

#![allow(clippy::expect_used)]

mod checks;
mod place;
mod told;
mod trace;
mod wrong;
