//! A services file that is not what it should be: refused at once, with its name and cause.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use daemontools::unix::fifo;

use crate::folder::Folder;

#[test]
fn a_services_file_that_somebody_named_must_exist() {
    let folder = Folder::new("");
    let missing = folder.path("missing.toml");
    let message = format!(
        "diaspora-deps: fatal: unable to read {}: file does not exist\n",
        missing.display()
    );
    let name = missing.to_str().unwrap();
    for command in ["check", "wait", "graph", "lint"] {
        let (code, _, err) = folder.run(&["--services", name, command]);
        assert_eq!((code, &*err), (100, &*message), "{command}");
    }
    let mut gate = folder.gate(&["check"]);
    let output = gate.env("DIASPORA_DEPS_SERVICES", name).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), message);
}

/// Where a setting is asked for; else the file is not read.
#[test]
fn a_settings_file_of_the_command_line_must_exist() {
    let folder = Folder::new("");
    let missing = folder.path("missing");
    let name = missing.to_str().unwrap();
    let message = format!(
        "diaspora-deps: fatal: unable to source {}: file does not exist\n",
        missing.display()
    );
    for words in [&["check", "puma"][..], &["exec", "puma"], &["lint"]] {
        let words = [&["--settings", name], words].concat();
        let (code, _, err) = folder.run(&words);
        assert_eq!((code, &*err), (100, &*message), "{words:?}");
    }
    assert_eq!(folder.run(&["--settings", name, "graph"]).0, 0);
}

#[test]
fn a_services_file_of_another_kind_is_refused_at_once() {
    let folder = Folder::new("");
    let file = folder.path("services.toml");
    let path = CString::new(file.as_os_str().as_bytes()).unwrap();
    let refused = |cause: &str| {
        let (code, _, err) = folder.run(&["check", "redis"]);
        let message = format!(
            "diaspora-deps: fatal: unable to read {}: {cause}\n",
            file.display()
        );
        assert_eq!((code, err), (100, message));
    };
    fs::remove_file(&file).unwrap();
    fifo::make(&path).unwrap();
    refused("not a regular file");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused("not a regular file");
    fs::remove_dir(&file).unwrap();
    // Latin-1.
    fs::write(&file, b"[settings]\nNAME = \"J\xfcrgen\"\n").unwrap();
    let (code, _, err) = folder.run(&["check", "redis"]);
    let start = format!(
        "diaspora-deps: fatal: {}:2: not UTF-8: iconv -f latin1 ",
        file.display()
    );
    assert!(code == 100 && err.starts_with(&start), "{err}");
    // Endless.
    fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    refused("file too big");
}
