//! The built-in puma and sidekiq with a pod's own files: what the pod says holds.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::folder::Folder;

/// A folder with a pod in `app` and these lines in the settings file.
fn pod(settings: &str) -> Folder {
    let folder = Folder::new("[service.puma]\nneeds = []\n[service.sidekiq]\nneeds = []\n");
    for directory in ["app/tmp", "app/config", "app/bin"] {
        fs::create_dir_all(folder.path(directory)).unwrap();
    }
    let home = folder.path("app");
    let settings = format!("DIASPORA_HOME={}\n{settings}", home.display());
    fs::write(folder.path("settings"), settings).unwrap();
    folder
}

/// Whether puma is ready, and the address that was probed.
fn probed(folder: &Folder) -> (bool, String) {
    let (code, out, err) = folder.run(&["check", "puma"]);
    let address = out.split_once('(').map_or(&*out, |(_, rest)| rest);
    let address = address.split(',').next().unwrap_or_default();
    (code == 0, address.to_owned() + &err)
}

fn listen(folder: &Folder, section: &str, address: &str) {
    let file = folder.path("app/config/diaspora.toml");
    let text = fs::read_to_string(&file).unwrap_or_default();
    fs::write(
        file,
        format!("{text}[{section}.server]\nlisten = \"{address}\"\n"),
    )
    .unwrap();
}

#[test]
fn puma_is_probed_where_the_pod_says() {
    let folder = pod("");
    let socket = |name: &str| folder.path("app").join(name);
    let at = |name: &str, ready| (ready, socket(name).display().to_string());
    let _default = UnixListener::bind(socket("tmp/diaspora.sock")).unwrap();
    assert_eq!(probed(&folder), at("tmp/diaspora.sock", true));
    listen(&folder, "configuration", "unix://tmp/pod.sock");
    assert_eq!(probed(&folder), at("tmp/pod.sock", false));
    let _pod = UnixListener::bind(socket("tmp/pod.sock")).unwrap();
    assert_eq!(probed(&folder), at("tmp/pod.sock", true));
    // The section of the environment goes before the one for all.
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    listen(&folder, "production", &format!("tcp://{address}"));
    assert_eq!(probed(&folder), (true, address));
    listen(&folder, "staging", "unix:tmp/staging.sock");
    let settings = fs::read_to_string(folder.path("settings")).unwrap();
    fs::write(
        folder.path("settings"),
        settings.clone() + "RAILS_ENV=staging\n",
    )
    .unwrap();
    assert_eq!(probed(&folder), at("tmp/staging.sock", false));
    // The pod's environment goes before all its files.
    let own = format!(
        "SERVER_LISTEN=unix://{}\n",
        socket("tmp/pod.sock").display()
    );
    fs::write(folder.path("settings"), settings + &own).unwrap();
    assert_eq!(probed(&folder), at("tmp/pod.sock", true));
}

#[test]
fn a_pod_that_cannot_be_read_has_its_file_and_line() {
    let folder = pod("");
    let file = folder.path("app/config/diaspora.toml");
    for (text, message) in [
        (
            "[configuration.server]\nlisten = 3000\n",
            ":2: configuration.server.listen must be a text",
        ),
        (
            "[configuration.server]\nlisten = \"unix://\"\n",
            "\"unix://\" has no absolute path",
        ),
        ("[configuration.server\n", ":1: "),
    ] {
        fs::write(&file, text).unwrap();
        for command in ["check", "wait"] {
            let (code, _, err) = folder.run(&[command, "puma"]);
            assert!(code == 100 && err.contains(message), "{code} {err}");
        }
    }
}

#[test]
fn puma_and_sidekiq_start_as_upstream_starts_them() {
    let folder = pod("DIASPORA_USER=$(id -un)\n");
    let report = "#!/bin/sh\necho \"$0 $*\"\necho \"$RAILS_ENV $HOME $USER $LOGNAME\"\npwd\n";
    for program in ["puma", "bundle"] {
        let file = folder.path("app/bin").join(program);
        fs::write(&file, report).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", folder.path("app/bin").display());
    let started = |service: &str| {
        let mut gate = folder.gate(&["exec", service]);
        let output = gate.env("PATH", &path).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(err, "");
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let puma = started("puma");
    assert_eq!(puma[0], "bin/puma -C config/puma.rb");
    assert_eq!(puma[2], folder.path("app").display().to_string());
    let sidekiq = started("sidekiq");
    assert!(
        sidekiq[0].ends_with("bundle exec sidekiq"),
        "{}",
        sidekiq[0]
    );
    let output = Command::new("/bin/sh")
        .args(["-c", "getent passwd \"$(id -un)\" | cut -d: -f1,6"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (user, home) = text.trim_end().split_once(':').unwrap();
    let expected = format!("production {home} {user} {user}");
    assert_eq!((&puma[1], &sidekiq[1]), (&expected, &expected));
}

#[test]
fn a_path_without_ruby_is_said_with_the_fix() {
    let folder = pod("DIASPORA_USER=$(id -un)\nexport PATH=/usr/bin:/bin\n");
    let file = folder.path("app/bin/puma");
    fs::write(&file, "#!/usr/bin/env no-such-ruby\nputs 1\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, _, err) = folder.run(&["exec", "puma"]);
    let message = "unable to run bin/puma: its interpreter no-such-ruby does not exist in \
                   /usr/bin:/bin: install it, or write \"export PATH=/folder/of/no-such-ruby:$PATH\" in";
    assert!(code == 111 && err.contains(message), "{code} {err}");
    // A PATH of the settings file, as rbenv's.
    let shims = folder.path("shims");
    fs::create_dir(&shims).unwrap();
    let ruby = shims.join("no-such-ruby");
    fs::write(&ruby, "#!/bin/sh\necho \"ruby $*\"\n").unwrap();
    fs::set_permissions(&ruby, fs::Permissions::from_mode(0o755)).unwrap();
    let settings = fs::read_to_string(folder.path("settings")).unwrap();
    let own = format!("export PATH={}:$PATH\n", shims.display());
    fs::write(folder.path("settings"), settings + &own).unwrap();
    let (code, out, err) = folder.run(&["exec", "puma"]);
    assert_eq!(
        (code, &*out, &*err),
        (0, "ruby bin/puma -C config/puma.rb\n", "")
    );
}
