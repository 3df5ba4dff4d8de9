use std::os::unix::fs::PermissionsExt;

use super::*;

fn findings(files: &[(&str, &str, u32)], services: &str) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    let data_file = folder.path().join("services.toml");
    fs::write(&data_file, services).expect("write");
    let directory = folder.path().join("service");
    for (name, text, mode) in files {
        let file = directory.join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
        fs::write(&file, text).expect("write");
        fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).expect("chmod");
    }
    let config = Config::load(&data_file).expect("config");
    let settings = SettingsFile::new(Path::new("/nonexistent"), false);
    lint(&config, &directory, &settings)
        .expect("examined")
        .join("\n")
}

/// A redis that needs no user and no directory which the machine may lack.
const USERS: &str = "[service.redis]\nuser = \"root\"\ndirectories = []\nexec = [\"sh\"]\nenv = { PATH = \"/bin\" }\n";
const GATE: &str = "#!/bin/sh\nexec diaspora-deps exec redis\n";

#[test]
fn a_good_directory_has_no_findings() {
    let good = [
        ("30redis/run", GATE, 0o755),
        ("30redis/log/run", "#!/bin/sh\n", 0o755),
    ];
    assert_eq!(findings(&good, USERS), "");
}

#[test]
fn each_fault_is_one_finding() {
    for (files, services, part) in [
        (
            &[("a/log/run", "#!/bin/sh\n", 0o755)][..],
            "",
            "a/run: missing",
        ),
        (
            &[("a/run", "#!/bin/sh\n", 0o644)],
            "",
            "a/run: not executable: chmod a+x",
        ),
        (
            &[("a/run", "exec x\n", 0o755)],
            "",
            "does not begin with #!",
        ),
        (
            &[("a/run", "#!/no/such/sh\n", 0o755)],
            "",
            "/no/such/sh does not exist",
        ),
        (
            &[("a/run", "#!/bin/sh\nnginx -c /none\n", 0o755)],
            "",
            "daemon off",
        ),
        (
            &[
                ("a/run", "#!/bin/sh\n", 0o755),
                ("a/log/run", "#!/bin/sh\n", 0o755),
                ("a/log/supervise.toml", "backof = 1\n", 0o644),
            ],
            "",
            "a/log/supervise.toml: line 1: unknown name backof, ignored",
        ),
        (
            &[("30redis/run", GATE, 0o755)],
            "[service.redis]\nuser = \"root\"\ndirectories = []\nexec = [\"no-such-program\"]",
            "unable to run no-such-program: file does not exist in /command:",
        ),
        (
            &[("30redis/run", GATE, 0o755)],
            "[settings]\nHOME_OF_IT = \"/none\"\n[service.redis]\nuser = \"root\"\ndirectories = []\nexec = [\"/bin/sh\"]\ndirectory = \"${HOME_OF_IT}\"",
            "its working directory /none does not exist: set HOME_OF_IT in the settings file",
        ),
        (
            &[("30redis/run", GATE, 0o755)],
            "[service.redis]\nuser = \"root\"\ndirectories = []\nexec = [\"/bin/sh\"]\nneeds = [\"db\"]\n[service.db]\nprobe = { kind = \"unix\", address = \"/none\" }",
            "its gate waits for db, which is not in ",
        ),
        (
            &[(
                "a/run",
                "#!/bin/sh\nexec diaspora-deps exec reddis\n",
                0o755,
            )],
            "",
            "did you mean \"redis\"",
        ),
        (
            &[("a/run", "#!/bin/sh\nwait_service -a 3 redis mungo\n", 0o755)],
            "",
            "\"mungo\", which is unknown",
        ),
        (
            &[("30redis/run", GATE, 0o755), ("31redis/run", GATE, 0o755)],
            USERS,
            "so does 30redis",
        ),
        (
            &[("30redis/run", GATE, 0o755)],
            "[service.redis]\ndirectories = []\nexec = [\"/bin/sh\"]\nuser = \"nobody-here\"",
            "user \"nobody-here\" does not exist",
        ),
        (
            &[(
                "99thin/run",
                "#!/bin/sh\nexec diaspora-deps exec thin\n",
                0o755,
            )],
            "",
            "99thin_0",
        ),
    ] {
        let found = findings(files, services);
        assert!(found.contains(part), "{part:?} not in {found:?}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}
