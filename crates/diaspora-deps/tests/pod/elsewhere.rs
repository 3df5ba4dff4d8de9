//! Servers that listen where the pod's own files say.

use std::fs;

use crate::pod::{HOME, Pod, run, sh};

/// Where redis and puma listen: for the pod, for the servers, for the gate.
const POD: &str = "[configuration.environment]\nredis = \"unix:///run/redis/redis.sock\"\n\
                   [configuration.server]\nlisten = \"tcp://127.0.0.1:3000\"\n";
const SERVERS: &str = "
    sed -i 's|^port .*|port 0|' /etc/redis/redis.conf
    printf 'unixsocket /run/redis/redis.sock\\nunixsocketperm 777\\n' >>/etc/redis/redis.conf
    sed -i 's|http://unix:.*:;|http://127.0.0.1:3000;|' /etc/nginx/sites-available/diaspora
    mkdir -p /etc/diaspora-deps
";
const SERVICES: &str = "[service.redis]\nprobe = { address = \"/run/redis/redis.sock\" }\n\
                        [service.sidekiq]\nprobe = { address = \"/run/redis/redis.sock\" }\n";

pub(crate) fn listens(pod: &Pod) {
    fs::write(format!("{HOME}/config/diaspora.toml"), POD).unwrap();
    sh(SERVERS);
    fs::write("/etc/diaspora-deps/services.toml", SERVICES).unwrap();
    pod.start();
    let text = run("diaspora-deps check").1;
    assert!(text.contains("puma: ready (127.0.0.1:3000"), "{text}");
    assert!(
        text.contains("redis: ready (/run/redis/redis.sock"),
        "{text}"
    );
}
