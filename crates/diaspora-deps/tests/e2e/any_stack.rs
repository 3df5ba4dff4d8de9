//! The examples of `docs/any-stack.md`, word for word: the files and commands are read from
//! the page. They run in a system of their own, on the ports and paths of the page.

use crate::own_system;
use crate::page;
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

pub(crate) fn without_a_file(world: &World) {
    run(
        world,
        &Example {
            heading: "## Without a file",
            application: "app",
            then: r#"
            poll says "60app waiting for redis://localhost" cat 60app/log/main/current
            redis-server --bind 127.0.0.1 --save '' --dir /tmp >/dev/null &
            poll says "60app waiting for http://localhost/health" cat 60app/log/main/current
            # A server without that page is not ready.
            nginx -g 'daemon off;' &
            poll curl -s http://localhost/
            if says "app has started" cat 60app/log/main/current; then fail "too early"; fi
            mkdir -p /var/www/html
            echo fine >/var/www/html/health
            memcached -u nobody &
            poll says "app has started" cat 60app/log/main/current
            "#,
        },
    );
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

fn run(world: &World, example: &Example) {
    let application = root()
        .join("crates/diaspora-deps/tests/any_stack")
        .join(example.application);
    let script = format!(
        "cp -r {} /srv/\n{}cd /etc/service\n{}",
        application.display(),
        page::script("any-stack.md", example.heading),
        example.then
    );
    own_system::run(world, &script);
}
