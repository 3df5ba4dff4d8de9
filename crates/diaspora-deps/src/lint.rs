//! `lint`: looks over service directories for what makes services fail. Each finding
//! is a line with the path, the trouble and the fix.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use daemontools::unix::account;

use crate::context::{self, Context};
use crate::data::{Data, Service};
use crate::graph::Graph;
use crate::name::{self, Name};
use crate::probe::Verdict;
use crate::question::{self, Question};

mod script;

/// A service that has run for less, again and again, does not stay in the
/// foreground.
const YOUNG_SECONDS: i64 = 3;

/// Looks over all of `directory`; gives what was found.
///
/// # Errors
/// Says that the directory can't be read, or the settings not sourced.
pub fn look(data: &Data, directory: &Path, settings: &Path) -> Result<Vec<String>, String> {
    let sourced = context::source(data, settings)?;
    let context = Context::new(data, sourced.as_ref());
    let unreadable = |error| format!("unable to read {}: {error}", directory.display());
    let mut names: Vec<String> = fs::read_dir(directory)
        .map_err(unreadable)?
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    let mut lint = Lint {
        data,
        context,
        directory,
        listens: BTreeMap::new(),
        gated: Vec::new(),
        findings: Vec::new(),
    };
    for name in &names {
        lint.service(name);
    }
    if let Err(cycle) = Graph::new(data, &lint.gated) {
        lint.findings.push(format!(
            "{}: {cycle}: none of these can ever start: take one need out of services.toml",
            directory.display()
        ));
    }
    Ok(lint.findings)
}

struct Lint<'a> {
    data: &'a Data,
    context: Context<'a>,
    directory: &'a Path,
    /// Address to the service directory that has it.
    listens: BTreeMap<String, String>,
    gated: Vec<Name>,
    findings: Vec<String>,
}

impl Lint<'_> {
    fn find(&mut self, path: &Path, trouble: &str) {
        self.findings.push(format!("{}: {trouble}", path.display()));
    }

    fn service(&mut self, directory: &str) {
        let place = self.directory.join(directory);
        let run = place.join("run");
        self.program(&run);
        if place.join("log").is_dir() {
            self.program(&place.join("log/run"));
        }
        let text = fs::read(&run).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        for trap in script::traps(&text) {
            self.find(&run, &trap);
        }
        for waited in script::waits_for(&text) {
            if self.data.find(&waited).is_none() {
                let hint = self.data.suggest(&waited);
                self.find(
                    &run,
                    &format!("waits for \"{waited}\", which is unknown: {hint}"),
                );
            }
        }
        let gated = script::gated(&text);
        if let Some(shown) = &gated
            && self.data.find(shown).is_none()
        {
            let hint = self.data.suggest(shown);
            self.find(
                &run,
                &format!("gates \"{shown}\", which is unknown: {hint}"),
            );
        }
        let known = gated.as_deref().unwrap_or(directory);
        if let Some(mut name) = self.data.find(known) {
            let service = &self.data.services[&name.service];
            if service.instances && name.instance.is_none() {
                name.instance = name::instance_of(directory);
            }
            if service.instances && name.instance.is_none() {
                self.find(
                    &place,
                    &format!("its name has no instance: call it {directory}_0, say"),
                );
            } else {
                self.known(&place, directory, &name, gated.is_some());
            }
        }
    }

    /// A file that supervise has to execute.
    fn program(&mut self, file: &Path) {
        let facts = match fs::metadata(file) {
            Err(_) => return self.find(file, "missing: write a run script"),
            Ok(facts) => facts,
        };
        if !facts.is_file() {
            return self.find(file, "is no file");
        }
        if facts.permissions().mode() & 0o111 == 0 {
            self.find(
                file,
                &format!("not executable: chmod a+x {}", file.display()),
            );
        }
        let text = fs::read(file).unwrap_or_default();
        match script::interpreter(&text) {
            script::Interpreter::Missing => {
                self.find(file, "does not begin with #!: the kernel won't run it");
            }
            script::Interpreter::Program(program) if !Path::new(&program).exists() => {
                self.find(file, &format!("its interpreter {program} does not exist"));
            }
            _ => {}
        }
    }

    /// A service that the data knows.
    fn known(&mut self, place: &Path, directory: &str, name: &Name, gated: bool) {
        let service = &self.data.services[&name.service];
        if gated {
            self.gated.push(name.clone());
            for trouble in users(service, &self.context.of(name)) {
                self.find(place, &trouble);
            }
            self.foreground(place, service, name);
        }
        if service.probe.is_none() {
            return;
        }
        let question = Question::new(self.data, &self.context, self.directory, &name.to_string());
        match question {
            Err(why) => self.find(place, &why),
            Ok(question) => {
                // A worker listens nowhere: its address is its redis's.
                if service
                    .probe
                    .as_ref()
                    .is_none_or(|probe| probe.kind != crate::data::Kind::Worker)
                {
                    self.listens(place, directory, &question);
                }
                self.escaped(place, &question);
            }
        }
    }

    fn listens(&mut self, place: &Path, directory: &str, question: &Question) {
        let address = question.endpoint.to_string();
        match self.listens.get(&address).cloned() {
            Some(other) => self.find(
                place,
                &format!("listens on {address}, and so does {other}: only one of them can"),
            ),
            None => {
                self.listens.insert(address, directory.to_owned());
            }
        }
    }

    /// The configuration that would send it into the background.
    fn foreground(&mut self, place: &Path, service: &Service, name: &Name) {
        if let Some(unless) = &service.unless
            && let Ok(file) = self.context.of(name).expand_path(&unless.file)
            && let Ok(text) = fs::read_to_string(&file)
            && text
                .lines()
                .any(|line| line.trim().starts_with("daemon on"))
        {
            self.find(
                place,
                &format!("{}: \"daemon on;\": take that line out", file.display()),
            );
        }
        for word in &service.exec {
            if script::is_daemon_switch(&service.exec[0], word) {
                self.find(
                    place,
                    &format!(
                        "{}: \"{word}\" sends it into the background: supervise would lose it",
                        service.place
                    ),
                );
            }
        }
    }

    /// The daemonising trap, seen: supervise's process is always young, while
    /// somebody answers on the service's address.
    fn escaped(&mut self, place: &Path, question: &Question) {
        let Some(status) = question::status(place) else {
            return;
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| now.as_secs());
        let age = i64::try_from(now).unwrap_or(0) - status.since.unix_seconds();
        let restless = age < YOUNG_SECONDS && starts(place) > 3;
        if restless && question.ask().verdict == Verdict::Ready {
            self.find(
                place,
                &format!(
                    "starts again and again, while {} answers: it forks away from supervise, or another copy runs; keep it in the foreground, and stop that copy",
                    question.endpoint
                ),
            );
        }
    }
}

/// How often supervise has started a service.
fn starts(place: &Path) -> u64 {
    let text = fs::read_to_string(place.join("supervise/detail")).unwrap_or_default();
    let number = text.lines().find_map(|line| line.strip_prefix("starts "));
    // A supervise that does not count has no such file: believe its clock.
    number.map_or(u64::MAX, |number| number.parse().unwrap_or(0))
}

/// Users and groups that do not exist.
fn users(service: &Service, context: &Context) -> Vec<String> {
    let log = service.log.as_ref();
    let owners = service.directories.iter();
    let users = [service.user.as_ref(), log.and_then(|log| log.user.as_ref())]
        .into_iter()
        .chain(owners.clone().map(|owned| owned.user.as_ref()));
    let groups = [
        service.group.as_ref(),
        log.and_then(|log| log.group.as_ref()),
    ]
    .into_iter()
    .chain(owners.map(|owned| owned.group.as_ref()));
    let missing = |kind: &str, text: &String, exists: &dyn Fn(&core::ffi::CStr) -> bool| {
        let name = match context.expand_c(text) {
            Ok(name) => name,
            Err(why) => return Some(why),
        };
        (!exists(&name)).then(|| {
            let name = name.to_string_lossy();
            format!("{kind} \"{name}\" does not exist: make it, or name another in services.toml or the settings")
        })
    };
    let mut troubles: Vec<String> = users
        .flatten()
        .filter_map(|user| missing("user", user, &|name| account::find(name).is_some()))
        .chain(groups.flatten().filter_map(|group| {
            missing("group", group, &|name| account::find_group(name).is_some())
        }))
        .collect();
    troubles.dedup();
    troubles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str, u32)], services: &str) -> String {
        let place = tempfile::tempdir().expect("a directory");
        let data_file = place.path().join("services.toml");
        fs::write(&data_file, services).expect("write");
        let directory = place.path().join("service");
        for (name, text, mode) in files {
            let file = directory.join(name);
            fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
            fs::write(&file, text).expect("write");
            fs::set_permissions(&file, fs::Permissions::from_mode(*mode)).expect("chmod");
        }
        let data = Data::load(&data_file).expect("data");
        look(&data, &directory, Path::new("/nonexistent"))
            .expect("looked")
            .join("\n")
    }

    const USERS: &str = "[service.redis]\nuser = \"root\"\n";
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
    fn each_trouble_is_found() {
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
            (&[("a/run", "#!/bin/sh\nnginx\n", 0o755)], "", "daemon off"),
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
                "[service.redis]\nuser = \"nobody-here\"",
                "user \"nobody-here\" does not exist",
            ),
            (
                &[("30redis/run", GATE, 0o755)],
                "[service.redis]\nuser = \"root\"\nneeds = [\"a\"]\n[service.a]\nneeds = [\"redis\"]\nprobe = { kind = \"tcp\", address = \"localhost:1\" }",
                "cycle: a -> redis -> a",
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
}
