//! What users of other tools complain about and no other test shows: names, addresses and
//! proxies, as `docs/any-stack.md` says.

use std::fs;

use crate::own_system;
use crate::programs::root;
use crate::world::World;

/// The name of the server is not known yet, as that of a container that does not run.
pub(crate) fn name(world: &World) {
    own_system::run(
        world,
        r#"
        echo '127.0.0.1 localhost' >/etc/hosts
        redis-server --bind 127.0.0.1 --save '' --dir /tmp >/dev/null &
        poll diaspora-deps wait -a 0 redis://localhost
        diaspora-deps wait --timeout=60 redis://db >/etc/waits &
        gate=$!
        poll says 'waiting for redis://db' cat /etc/waits
        echo '127.0.0.1 db' >>/etc/hosts
        wait "$gate"
        "#,
    );
}

/// A server listens on one of the addresses of `localhost`.
pub(crate) fn addresses(world: &World) {
    own_system::run(
        world,
        r#"
        printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
        redis-server --port 1006 --bind ::1 --save '' --dir /tmp >/dev/null &
        redis-server --port 1004 --bind 127.0.0.1 --save '' --dir /tmp >/dev/null &
        diaspora-deps wait --timeout=60 redis://localhost:1006 redis://localhost:1004
        "#,
    );
}

/// The server that makes a database at its first start listens on its socket alone.
pub(crate) fn temporary_server(world: &World) {
    own_system::run(
        world,
        r#"
        data=$(echo /var/lib/postgresql/*/main)
        version=${data#/var/lib/postgresql/}
        version=${version%/main}
        mkdir -p /run/postgresql
        chown postgres /run/postgresql
        server() {
            exec setuidgid postgres "/usr/lib/postgresql/$version/bin/postgres" -D "$data" \
                -c "config_file=/etc/postgresql/$version/main/postgresql.conf" -c ssl=off "$@" >/dev/null 2>&1
        }
        server -c listen_addresses= &
        temporary=$!
        poll setuidgid postgres psql -c 'SELECT 1'
        diaspora-deps wait --timeout=90 postgres >/etc/waits &
        gate=$!
        poll says 'waiting for postgres' cat /etc/waits
        kill -INT "$temporary"
        wait "$temporary"
        kill -0 "$gate"
        server &
        wait "$gate"
        "#,
    );
}

/// A proxy is asked by nobody, and changes nothing.
pub(crate) fn proxy(world: &World) {
    own_system::run(
        world,
        r#"
        echo '127.0.0.1 localhost' >/etc/hosts
        export http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9
        if curl -s http://localhost/; then fail "curl asks no proxy"; fi
        nginx -c /etc/nginx/nginx.conf -g 'daemon off;' &
        diaspora-deps wait --timeout=60 http://localhost/
        if curl -s http://localhost/; then fail "curl asks no proxy"; fi
        "#,
    );
}

/// Each test that a page names exists.
pub(crate) fn names(_: &World) {
    let mut tests = String::new();
    let mut open = vec![root().join("crates/diaspora-deps")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .flatten()
                    .map(|entry| entry.path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            tests += &fs::read_to_string(&path).unwrap();
        }
    }
    for page in ["any-stack.md", "diaspora.md"] {
        let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
        let rows = text.lines().filter(|line| line.starts_with('|'));
        let shown = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
        let quoted = shown.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        for name in quoted.flat_map(|text| text.split_whitespace()) {
            if name.matches('_').count() > 2 {
                assert!(
                    tests.contains(name),
                    "{page} names {name}, which is no test"
                );
            }
        }
    }
}
