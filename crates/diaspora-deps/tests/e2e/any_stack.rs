//! The examples of `docs/any-stack.md`, word for word: the files and commands are read from
//! the page. They run in a system of their own, on the ports and paths of the page.

use std::fs;

use crate::own_system;
use crate::programs::root;
use crate::world::World;

/// What an example needs beside its page.
struct Example {
    /// The heading of its section.
    heading: &'static str,
    /// The application, which the page says is there.
    application: &'static str,
    /// What must hold afterwards, in the words of `own_system`.
    then: &'static str,
}

pub(crate) fn django(world: &World) {
    run(
        world,
        &Example {
            heading: "## Django, PostgreSQL and RabbitMQ",
            application: "shop",
            then: r#"
            poll says "0 orders, 0 delivered" curl -s http://localhost:8000/
            for order in 1 2 3; do says ordered curl -s http://localhost:8000/order; done
            poll says "3 orders, 3 delivered" curl -s http://localhost:8000/
            poll says "waiting for postgres" cat 30migrate/log/main/current
            says "waiting for migrate" cat 50web/log/main/current 50worker/log/main/current
            poll says '"stage":"finished"' svstat --json 30migrate
            # The web server is not started while the queue is away.
            svc --wait --timeout=60 -d 20rabbitmq
            svc -t 50web
            poll says "waiting for rabbitmq" tail -n 2 50web/log/main/current
            says CRITICAL diaspora-deps check --nagios rabbitmq
            svc -u 20rabbitmq
            poll diaspora-deps check
            says ordered curl -s http://localhost:8000/order
            poll says "4 orders, 4 delivered" curl -s http://localhost:8000/
            "#,
        },
    );
}

pub(crate) fn php(world: &World) {
    run(
        world,
        &Example {
            heading: "## PHP and MariaDB",
            application: "wiki",
            then: r#"
            poll says "visit 1" curl -s http://localhost/
            # No page without the database, and no web server before it.
            svc --wait --timeout=60 -d 10mariadb
            svc --wait --timeout=60 -t 20php
            poll says "waiting for mariadb" tail -n 2 20php/log/main/current
            says CRITICAL diaspora-deps check --nagios mariadb
            svc -u 10mariadb
            poll diaspora-deps check
            poll says "visit 2" curl -s http://localhost/
            "#,
        },
    );
}

/// The files and commands of a section of the page, as a script.
fn steps(heading: &str) -> String {
    let page = fs::read_to_string(root().join("docs/any-stack.md")).unwrap();
    let section = page.split_once(&format!("{heading}\n")).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let mut script = String::new();
    for block in section.split("\n```").collect::<Vec<_>>().chunks(2) {
        let [before, block] = block else { break };
        let (language, text) = block.split_once('\n').unwrap();
        // A line `/path/of/file`: goes before the content of that file.
        let name = before.trim_end().lines().last().unwrap_or_default();
        let name = name
            .strip_prefix('`')
            .and_then(|name| name.strip_suffix("`:"));
        match (name, language) {
            (Some(name), _) => {
                script += &format!(
                    "mkdir -p ${{FILE%/*}}\ncat >$FILE <<'END OF FILE'\n{text}\nEND OF FILE\n"
                )
                .replace("${FILE%/*}", name.rsplit_once('/').unwrap().0)
                .replace("$FILE", name);
                if text.starts_with("#!") {
                    script += &format!("chmod +x {name}\n");
                }
            }
            (None, "sh") => script += &format!("{text}\n"),
            // Shown, not run: packages are installed before, and systemd is away.
            (None, _) => {}
        }
    }
    script
}

fn run(world: &World, example: &Example) {
    let application = root()
        .join("crates/diaspora-deps/tests/any_stack")
        .join(example.application);
    let script = format!(
        "cp -r {} /srv/\n{}cd /etc/service\n{}",
        application.display(),
        steps(example.heading),
        example.then
    );
    own_system::run(world, &script);
}
