//! `services.toml`: the built-in file, and the operator's over it, field by field.
//! What is wrong is said with file and line, and with what to write instead.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::name::Name;
use crate::net::Endpoint;

const BUILT_IN: &str = include_str!("../services.toml");

/// A mistake in the data, as a message.
pub type Mistake = String;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    settings: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    service: BTreeMap<Spanned<String>, Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    needs: Option<Vec<Spanned<String>>>,
    aliases: Option<Vec<String>>,
    instances: Option<bool>,
    probe: Option<Spanned<ProbeEntry>>,
    source_settings: Option<bool>,
    attempts: Option<u64>,
    directory: Option<String>,
    directories: Option<Vec<Owned>>,
    log: Option<LogFile>,
    exec: Option<Spanned<Vec<String>>>,
    unless: Option<Unless>,
    user: Option<String>,
    group: Option<String>,
    env: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProbeEntry {
    kind: Option<Kind>,
    address: Option<String>,
    strict: Option<bool>,
    modern: Option<bool>,
    password_file: Option<String>,
    user: Option<String>,
    database: Option<String>,
    key: Option<String>,
}

/// What a service speaks.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Whatever accepts a connection.
    Tcp,
    /// A unix socket that accepts a connection.
    Unix,
    /// Redis.
    Redis,
    /// MongoDB.
    Mongo,
    /// A web server.
    Http,
    /// A websocket server.
    Websocket,
    /// A mail server.
    Smtp,
    /// PostgreSQL.
    Postgres,
    /// A resque worker, as its redis knows it.
    Worker,
}

/// How to see that a service is ready. Texts may hold `${NAME}`.
#[derive(Clone, Debug)]
pub struct Probe {
    /// What it speaks.
    pub kind: Kind,
    /// Where, see [`Endpoint::parse`].
    pub address: String,
    /// Websocket: whether the handshake must succeed.
    pub strict: bool,
    /// Mongo: whether to ask in today's form only.
    pub modern: bool,
    /// Redis and worker: a file whose first line is the password.
    pub password_file: Option<String>,
    /// Postgres: whom to be.
    pub user: String,
    /// Postgres: which database to ask for.
    pub database: String,
    /// Worker: the set of workers.
    pub key: String,
}

/// A directory that must be there before the service starts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owned {
    /// Its path.
    pub path: String,
    /// Its owner.
    pub user: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Its mode, octal.
    pub mode: Option<String>,
}

/// A log file that the service, not its logger, writes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    /// Its path.
    pub file: String,
    /// Its owner.
    pub user: Option<String>,
    /// Its group.
    pub group: Option<String>,
    /// Its mode, octal.
    pub mode: Option<String>,
}

/// Arguments that go behind those of `exec`, unless a file has a certain line.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// The file.
    pub file: String,
    /// The line, without the space around it.
    pub line: String,
    /// The arguments.
    pub args: Vec<String>,
}

/// What a service needs, and where that is said.
#[derive(Clone, Debug)]
pub struct Need {
    /// The name, as written: messages repeat it.
    pub name: String,
    /// `file:line`.
    pub place: String,
}

/// One service. Texts may hold `${NAME}`.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// `file:line` of where it is described.
    pub place: String,
    /// What it needs, in the order in which it is waited for.
    pub needs: Vec<Need>,
    /// Other names.
    pub aliases: Vec<String>,
    /// Whether there are several, told apart by what follows `_`.
    pub instances: bool,
    /// How to see that it is ready; none for what nobody waits for.
    pub probe: Option<Probe>,
    /// Whether the shell sources the settings for it.
    pub source_settings: bool,
    /// How often its gate tries, 0 for ever; none means `DEFAULT_ATTEMPTS`.
    pub attempts: Option<u64>,
    /// Where to go first.
    pub directory: Option<String>,
    /// What must be there.
    pub directories: Vec<Owned>,
    /// Its log file.
    pub log: Option<LogFile>,
    /// Program and arguments; empty for what is not started here.
    pub exec: Vec<String>,
    /// More arguments, sometimes.
    pub unless: Option<Unless>,
    /// Whom to become.
    pub user: Option<String>,
    /// Which group, if not the user's.
    pub group: Option<String>,
    /// Set in its environment.
    pub env: BTreeMap<String, String>,
}

/// All services, and the settings' defaults.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// By name.
    pub services: BTreeMap<String, Service>,
    /// Settings with their defaults.
    pub settings: BTreeMap<String, String>,
}

impl Data {
    /// The built-in data with the operator's file over it, if it exists.
    ///
    /// # Errors
    /// Says the first mistake.
    pub fn load(file: &Path) -> Result<Self, Mistake> {
        let mut data = Self::default();
        data.add("built-in services.toml", BUILT_IN)?;
        match std::fs::read_to_string(file) {
            Ok(text) => data.add(&file.to_string_lossy(), &text)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("unable to read {}: {error}", file.display())),
        }
        data.check()?;
        Ok(data)
    }

    /// Lays one file over what there is.
    fn add(&mut self, file: &str, text: &str) -> Result<(), Mistake> {
        let place = |at: usize| format!("{file}:{}", line_of(text, at));
        let parsed: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            format!("{}: {}", place(at), one_line(error.message()))
        })?;
        for (name, value) in parsed.settings {
            if !is_variable(name.get_ref()) {
                return Err(format!(
                    "{}: \"{}\" is no name of a setting: use letters, digits and _",
                    place(name.span().start),
                    name.get_ref()
                ));
            }
            self.settings.insert(name.into_inner(), value);
        }
        for (name, entry) in parsed.service {
            let at = place(name.span().start);
            let name = name.into_inner();
            if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
                return Err(format!("{at}: \"{name}\" can't be the name of a service"));
            }
            let service = self
                .services
                .entry(name.clone())
                .or_insert_with(|| Service {
                    name: name.clone(),
                    ..Service::default()
                });
            service.place.clone_from(&at);
            service.lay_over(entry, &place)?;
        }
        Ok(())
    }

    /// Looks for what only the whole shows: needs that nobody knows, or that can't
    /// be waited for.
    fn check(&self) -> Result<(), Mistake> {
        for service in self.services.values() {
            for need in &service.needs {
                let wrong = |why: String| {
                    Err(format!(
                        "{}: service \"{}\" {why}",
                        need.place, service.name
                    ))
                };
                let Some(name) = self.find(&need.name) else {
                    return wrong(format!(
                        "needs \"{}\", which is unknown: {}",
                        need.name,
                        self.suggest(&need.name)
                    ));
                };
                let needed = &self.services[&name.service];
                if needed.probe.is_none() {
                    return wrong(format!(
                        "needs \"{0}\", which has no probe: add probe = {{ kind = ..., address = ... }} to [service.{0}]",
                        name.service
                    ));
                }
                if needed.instances && name.instance.is_none() {
                    return wrong(format!(
                        "needs \"{0}\", which has instances: write \"{0}_0\", say",
                        name.service
                    ));
                }
            }
        }
        Ok(())
    }

    /// The service and instance that a name means.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Name> {
        Name::parse(text, |name| {
            let service = self.services.get(name).or_else(|| {
                let mut all = self.services.values();
                all.find(|service| service.aliases.iter().any(|alias| alias == name))
            })?;
            Some((service.name.clone(), service.instances))
        })
    }

    /// What somebody who wrote an unknown name may have meant.
    #[must_use]
    pub fn suggest(&self, unknown: &str) -> String {
        let names = self.services.values().flat_map(|service| {
            let aliases = service.aliases.iter();
            aliases.chain(std::iter::once(&service.name))
        });
        let near = names
            .map(|name| (strsim::damerau_levenshtein(name, unknown), name))
            .min()
            .filter(|&(distance, _)| distance <= 2);
        match near {
            Some((_, name)) => format!("did you mean \"{name}\"?"),
            None => format!("describe it as [service.{unknown}], or use a known name"),
        }
    }
}

impl Service {
    fn lay_over(&mut self, entry: Entry, place: &dyn Fn(usize) -> String) -> Result<(), Mistake> {
        fn set<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        let needs = entry.needs.map(|needs| {
            let need = |need: Spanned<String>| Need {
                place: place(need.span().start),
                name: need.into_inner(),
            };
            needs.into_iter().map(need).collect()
        });
        set(&mut self.needs, needs);
        set(&mut self.aliases, entry.aliases);
        set(&mut self.instances, entry.instances);
        set(&mut self.source_settings, entry.source_settings);
        set(&mut self.directories, entry.directories);
        set(&mut self.env, entry.env);
        set(&mut self.attempts, entry.attempts.map(Some));
        set(&mut self.directory, entry.directory.map(Some));
        set(&mut self.log, entry.log.map(Some));
        set(&mut self.user, entry.user.map(Some));
        set(&mut self.group, entry.group.map(Some));
        if let Some(exec) = entry.exec {
            if exec.get_ref().first().is_none_or(String::is_empty) {
                return Err(format!(
                    "{}: exec is empty: write exec = [\"program\", \"argument\"]",
                    place(exec.span().start)
                ));
            }
            self.exec = exec.into_inner();
            // They belonged to the other program.
            self.unless = None;
        }
        set(&mut self.unless, entry.unless.map(Some));
        if let Some(probe) = entry.probe {
            let at = place(probe.span().start);
            self.probe = Some(Probe::lay_over(self.probe.take(), probe.into_inner(), &at)?);
        }
        Ok(())
    }
}

impl Probe {
    fn lay_over(old: Option<Self>, entry: ProbeEntry, at: &str) -> Result<Self, Mistake> {
        let missing = |what: &str| format!("{at}: the probe has no {what}");
        let mut probe = match (old, entry.kind) {
            (Some(old), _) => old,
            (None, None) => return Err(missing("kind: write kind = \"tcp\", say")),
            (None, Some(kind)) => Self {
                kind,
                address: String::new(),
                strict: false,
                modern: false,
                password_file: None,
                user: "postgres".to_owned(),
                database: "postgres".to_owned(),
                key: "resque:workers".to_owned(),
            },
        };
        probe.kind = entry.kind.unwrap_or(probe.kind);
        probe.address = entry.address.unwrap_or(probe.address);
        probe.strict = entry.strict.unwrap_or(probe.strict);
        probe.modern = entry.modern.unwrap_or(probe.modern);
        probe.password_file = entry.password_file.or(probe.password_file);
        probe.user = entry.user.unwrap_or(probe.user);
        probe.database = entry.database.unwrap_or(probe.database);
        probe.key = entry.key.unwrap_or(probe.key);
        if probe.address.is_empty() {
            return Err(missing("address: write address = \"localhost:1234\", say"));
        }
        match Endpoint::parse(&probe.address) {
            Ok(Endpoint::Tcp(..)) if probe.kind == Kind::Unix => Err(format!(
                "{at}: a unix probe wants the path of a socket as its address"
            )),
            // With a setting in it, it may become one.
            Err(why) if !probe.address.contains("${") => Err(format!("{at}: {why}")),
            _ => Ok(probe),
        }
    }
}

/// Whether a text can be the name of a shell variable.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<Data, Mistake> {
        let mut data = Data::default();
        data.add("built-in", BUILT_IN)?;
        data.add("mine", text)?;
        data.check()?;
        Ok(data)
    }

    #[test]
    fn the_built_in_data_knows_both_stacks() {
        let data = with("").expect("no mistake");
        for name in [
            "mongo",
            "nginx",
            "redis",
            "websocket",
            "resque_worker",
            "thin",
            "smtp",
        ] {
            assert!(data.services.contains_key(name), "{name}");
        }
        for name in ["postgres", "sidekiq", "puma"] {
            assert!(data.services.contains_key(name), "{name}");
        }
        assert_eq!(data.find("99thin_2").expect("known").to_string(), "thin_2");
        assert_eq!(data.find("web").expect("known").service, "nginx");
        assert_eq!(data.find("90resque_worker").expect("known").instance, None);
    }

    #[test]
    fn a_field_that_is_not_mentioned_stays() {
        let data =
            with("[service.redis]\nprobe = { address = \"localhost:7000\" }\n").expect("fine");
        let redis = &data.services["redis"];
        let probe = redis.probe.as_ref().expect("a probe");
        assert_eq!(
            (probe.kind, probe.address.as_str()),
            (Kind::Redis, "localhost:7000")
        );
        assert_eq!(redis.exec[0], "redis-server");
    }

    #[test]
    fn mistakes_are_said_with_file_line_and_fix() {
        for (text, start, part) in [
            (
                "[service.x]\nneeds = [\"reddis\"]",
                "mine:2: service \"x\"",
                "did you mean \"redis\"?",
            ),
            (
                "[service.x]\n\nnedes = []",
                "mine:3: unknown field `nedes`",
                "`needs`",
            ),
            (
                "[service.x]\nneeds = [\"sidekiq\"]",
                "mine:2:",
                "add probe =",
            ),
            ("[service.x]\nneeds = [\"thin\"]", "mine:2:", "\"thin_0\""),
            (
                "[service.x]\nprobe = { kind = \"pop3\" }",
                "mine:2: unknown variant `pop3`",
                "`smtp`",
            ),
            (
                "[service.x]\nprobe = { kind = \"tcp\" }",
                "mine:2:",
                "address =",
            ),
            (
                "[service.x]\nprobe = { kind = \"tcp\", address = \"here\" }",
                "mine:2:",
                "host:port",
            ),
            (
                "[service.x]\nprobe = { kind = \"unix\", address = \"a:1\" }",
                "mine:2:",
                "path",
            ),
            (
                "[service.x]\nexec = []",
                "mine:2: exec is empty",
                "write exec",
            ),
            ("[service.x\n", "mine:1:", ""),
            ("[settings]\n\"a-b\" = \"c\"", "mine:2:", "letters"),
            ("[service.\"a/b\"]", "mine:1:", "name of a service"),
        ] {
            let mistake = with(text).expect_err(text);
            assert!(mistake.starts_with(start), "{mistake}");
            assert!(mistake.contains(part), "{mistake}");
            assert!(!mistake.contains('\n'), "{mistake}");
        }
    }
}
