//! What users of other tools complain about and no other test shows: names, addresses and
//! proxies, as `docs/any-stack.md` says.

use crate::own_system;
use crate::world::World;

const SERVICES: &str = r#"
mkdir -p /etc/diaspora-deps
cat >/etc/diaspora-deps/services.toml <<'END'
[service.db]
probe = { kind = "redis", address = "db:6379" }
[service.six]
probe = { kind = "redis", address = "localhost:1006" }
[service.four]
probe = { kind = "redis", address = "localhost:1004" }
END
"#;

/// The name of the server is not known yet, as that of a container that does not run.
pub(crate) fn name(world: &World) {
    own_system::run(
        world,
        &format!(
            "{SERVICES}{}",
            r#"
        echo '127.0.0.1 localhost' >/etc/hosts
        redis-server --bind 127.0.0.1 --save '' --dir /tmp >/dev/null &
        poll diaspora-deps wait -a 0 redis
        diaspora-deps wait --timeout=60 db >/etc/waits &
        gate=$!
        poll says 'waiting for db' cat /etc/waits
        echo '127.0.0.1 db' >>/etc/hosts
        wait "$gate"
        "#
        ),
    );
}

/// A server listens on one of the addresses of `localhost`.
pub(crate) fn addresses(world: &World) {
    own_system::run(
        world,
        &format!(
            "{SERVICES}{}",
            r#"
        printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
        redis-server --port 1006 --bind ::1 --save '' --dir /tmp >/dev/null &
        redis-server --port 1004 --bind 127.0.0.1 --save '' --dir /tmp >/dev/null &
        diaspora-deps wait --timeout=60 six four
        "#
        ),
    );
}

/// A proxy is asked by nobody, and changes nothing.
pub(crate) fn proxy(world: &World) {
    own_system::run(
        world,
        &format!(
            "{SERVICES}{}",
            r#"
        echo '127.0.0.1 localhost' >/etc/hosts
        export http_proxy=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9
        if curl -s http://localhost/; then fail "curl asks no proxy"; fi
        nginx -c /etc/nginx/nginx.conf -g 'daemon off;' &
        diaspora-deps wait --timeout=60 web
        if curl -s http://localhost/; then fail "curl asks no proxy"; fi
        "#
        ),
    );
}
