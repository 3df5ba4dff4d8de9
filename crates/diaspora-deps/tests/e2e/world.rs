//! A folder with ports, configuration and a svscan of its own. It is removed, and its
//! processes are killed, at the end of the test.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::processes;
use crate::programs::{GATE, SVC, path, root};

/// Long enough for a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) struct World {
    folder: tempfile::TempDir,
    ports: Vec<(&'static str, u16)>,
    svscan: std::cell::RefCell<Option<Child>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("dd").tempdir().unwrap();
        let names = ["MONGO", "REDIS", "WEB", "WEBSOCKET", "POSTGRES", "SMTP"];
        // All are bound at the same time, so that they differ.
        let held: Vec<TcpListener> = names
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let world = Self {
            ports: names.into_iter().zip(held.iter().map(port)).collect(),
            folder,
            svscan: std::cell::RefCell::default(),
        };
        drop(held);
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(world.path(""), open).unwrap();
        for folder in ["run", "mongo", "service", "staged", "app/log", "app/script"] {
            fs::create_dir_all(world.path(folder)).unwrap();
        }
        fs::set_permissions(world.path("run"), fs::Permissions::from_mode(0o1777)).unwrap();
        for file in [
            "Gemfile",
            "Rakefile",
            "boot.rb",
            "config.ru",
            "script/websocket_server.rb",
        ] {
            fs::copy(
                root().join("demo/app").join(file),
                world.path("app").join(file),
            )
            .unwrap();
        }
        // As distributions configure it: the gate must keep it in the foreground.
        fs::write(world.path("redis.conf"), "daemonize yes\nsave \"\"\n").unwrap();
        world.write_nginx("run/thin.0.sock");
        let home = world.path("app");
        let settings = format!(
            "export RAILS_ENV=development\nDIASPORA_HOME={}\nold_function() {{ [[ -n $1 ]]; }}\n",
            home.display()
        );
        fs::write(world.path("settings"), settings).unwrap();
        world
    }

    /// Writes a configuration of nginx with one upstream.
    pub(crate) fn write_nginx(&self, socket: &str) {
        let text = fs::read_to_string(root().join("demo/nginx.conf.in")).unwrap();
        let socket = self.path(socket);
        let text = text
            .replace("@WORK@", &self.path("").to_string_lossy())
            .replace("@WEB_PORT@", &self.port("WEB").to_string())
            .replace("@UPSTREAM@", &format!("server unix:{};", socket.display()));
        fs::write(self.path("nginx.conf"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn port(&self, name: &str) -> u16 {
        self.ports
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap()
            .1
    }

    /// A command in the environment of this test.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("PATH", path())
            .env("WORK", self.folder.path())
            .env("DIASPORA_HOME", self.path("app"))
            .env("DIASPORA_DEPS_SERVICES", root().join("demo/services.toml"))
            .env("DIASPORA_DEPS_SETTINGS", self.path("settings"))
            .env("DIASPORA_DEPS_DIR", self.path("service"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        for (name, port) in &self.ports {
            command.env(format!("{name}_PORT"), port.to_string());
        }
        command
    }

    fn run(&self, program: &str, words: &[&str]) -> (i32, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(program).args(words).output().unwrap();
        let text =
            String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (status.code().unwrap_or(-1), text)
    }

    pub(crate) fn gate(&self, words: &[&str]) -> (i32, String) {
        self.run(GATE, words)
    }

    pub(crate) fn svc(&self, words: &[&str]) -> (i32, String) {
        self.run(SVC, words)
    }

    /// Sends commands to supervise with `svc`.
    pub(crate) fn control(&self, letters: &str, service: &str) {
        let directory = self.path("service").join(service);
        let output = self
            .command("svc")
            .arg(letters)
            .arg(&directory)
            .output()
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
    }

    /// Makes the service directories of a set outside the scan directory.
    pub(crate) fn stage(&self, set: &str) {
        let staged = self.path("staged");
        let (code, text) = self.gate(&[
            "install",
            "--thin",
            "1",
            "--set",
            set,
            &staged.to_string_lossy(),
        ]);
        assert_eq!(code, 0, "{text}");
    }

    /// Moves staged services into the scan directory, in this order.
    pub(crate) fn bring(&self, services: &[&str]) {
        for service in services {
            fs::rename(
                self.path("staged").join(service),
                self.path("service").join(service),
            )
            .unwrap();
        }
    }

    /// Makes a service directory with this run script.
    pub(crate) fn bring_script(&self, service: &str, text: &str) {
        let staged = self.path("staged").join(service);
        fs::create_dir_all(&staged).unwrap();
        fs::write(staged.join("run"), text).unwrap();
        fs::set_permissions(staged.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
        self.bring(&[service]);
    }

    /// Starts svscan.
    pub(crate) fn scan(&self) {
        let log = fs::File::create(self.path("svscan.log")).unwrap();
        let mut command = self.command("svscan");
        command
            .arg(self.path("service"))
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        *self.svscan.borrow_mut() = Some(command.spawn().unwrap());
    }

    /// The log of a service.
    pub(crate) fn log(&self, service: &str) -> String {
        let file = self.path("service").join(service).join("log/main/current");
        String::from_utf8_lossy(&fs::read(file).unwrap_or_default()).into_owned()
    }

    /// Polls until a condition holds; fails with the state of all services if it never does.
    pub(crate) fn until(&self, what: &str, holds: impl FnMut() -> bool) {
        self.until_described(|| what.to_owned(), holds);
    }

    /// The same where what never happened is known only at the end.
    pub(crate) fn until_described(
        &self,
        what: impl Fn() -> String,
        mut holds: impl FnMut() -> bool,
    ) {
        let deadline = Instant::now() + TIMEOUT;
        while !holds() {
            assert!(
                Instant::now() < deadline,
                "never: {}\n{}",
                what(),
                self.report()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn until_ready(&self, names: &[&str]) {
        let words = [&["check"], names].concat();
        self.until(&format!("{names:?} ready"), || self.gate(&words).0 == 0);
    }

    /// The page that nginx serves.
    pub(crate) fn page(&self) -> String {
        let address = format!("http://127.0.0.1:{}/", self.port("WEB"));
        self.run("curl", &["-s", "-m", "5", &address]).1
    }

    /// The status and the end of the log of each service, for a failure.
    fn report(&self) -> String {
        let mut text = self.svc(&["statusall"]).1 + &self.gate(&["check"]).1;
        for entry in fs::read_dir(self.path("service")).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let log = self.log(&name);
            let tail: Vec<&str> = log.lines().rev().take(8).collect();
            text += &format!(
                "--- {name}\n{}\n",
                tail.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
        text + &fs::read_to_string(self.path("svscan.log")).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut svscan) = self.svscan.borrow_mut().take() {
            let _ = svscan.kill();
            let _ = svscan.wait();
        }
        processes::kill_all(self.folder.path());
    }
}
