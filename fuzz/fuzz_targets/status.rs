//! Any 18 bytes are a record, and what is packed is read back.
#![no_main]

use daemontools::servicedir::status::Status;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|record: [u8; 18]| {
    let status = Status::unpack(&record);
    assert_eq!(Status::unpack(&status.pack()), status);
});
