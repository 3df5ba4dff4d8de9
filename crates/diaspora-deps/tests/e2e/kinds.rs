//! Each kind of probe on its real server, through what the server may be.

use std::fs;
use std::process::Command;

use crate::server::{Server, check, folder, until};
use crate::world::World;

/// A certificate for `localhost` that vouches for itself, and its key.
fn certificate(world: &World) -> (String, String) {
    let paths = ["certificate.pem", "key.pem"].map(|name| world.path(name));
    let [certificate, key] = paths.map(|path| path.to_string_lossy().into_owned());
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
    ]);
    openssl.args([
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]);
    openssl.args(["-keyout", &key, "-out", &certificate]);
    let output = openssl.output().expect("openssl");
    assert!(output.status.success(), "{output:?}");
    Command::new("chmod")
        .args(["644", &key])
        .status()
        .expect("chmod");
    (certificate, key)
}

/// A redis with TLS and users; the default user has no rights.
pub(crate) fn redis(world: &World) {
    let (certificate, key) = certificate(world);
    let port = world.port("REDIS");
    let conf = format!(
        "port 0\ntls-port {port}\nbind 127.0.0.1\nsave \"\"\ndaemonize no\n\
         tls-cert-file {certificate}\ntls-key-file {key}\ntls-auth-clients no\n\
         user default off\nuser gate on >pass ~* +ping +smembers +sadd\n"
    );
    fs::write(world.path("acl.conf"), conf).expect("write");
    let password = world.path("password");
    fs::write(&password, "pass\n").expect("write");
    let conf = world.path("acl.conf");
    let _server = Server::start(world, "redis", "redis-server", &[&conf.to_string_lossy()]);
    let address = format!("address = 'localhost:{port}'");
    let login = format!("user = 'gate', password-file = '{}'", password.display());
    let tls = format!("ca-file = '{certificate}'");
    let full = format!("{address}, {login}, {tls}");
    until(world, &format!("kind = 'redis', {full}"), "ready");
    // An error of TLS is told, and not taken for a server that starts.
    for (probe, code, part) in [
        (
            format!("{address}, {login}, tls = true"),
            2,
            "no TLS: invalid peer certificate",
        ),
        (format!("{address}, {login}, insecure = true"), 0, "ready"),
        (format!("{address}, {tls}"), 1, "wants a password"),
        (
            format!(
                "{address}, {tls}, user = 'none', password-file = '{}'",
                password.display()
            ),
            1,
            "refuses the password",
        ),
        (format!("{address}, {login}"), 1, "x: starting: "),
        (
            full.replace("localhost", "127.0.0.1"),
            2,
            "no TLS: invalid peer certificate",
        ),
    ] {
        let (found, line) = check(world, &format!("kind = 'redis', {probe}"));
        assert!(
            found == code && line.contains(part),
            "{probe}: {found} {line}"
        );
    }
    workers(world, &full, &[&certificate, "gate", "pass"]);
}

/// The sets of workers and of sidekiqs, on the same redis.
fn workers(world: &World, full: &str, tls_user_password: &[&str; 3]) {
    let [ca, user, password] = tls_user_password;
    let port = world.port("REDIS").to_string();
    let add = |key: &str, entries: &[String]| {
        let mut cli = world.command("redis-cli");
        cli.args(["-h", "localhost", "-p", &port, "--tls", "--cacert", ca]);
        cli.args([
            "--user",
            user,
            "--pass",
            password,
            "--no-auth-warning",
            "SADD",
            key,
        ]);
        let output = cli.args(entries).output().expect("redis-cli");
        assert!(output.status.success(), "{output:?}");
    };
    let host = fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let host = host.trim();
    let own = std::process::id();
    for (kind, key) in [("worker", "resque:workers"), ("sidekiq", "processes")] {
        let probe = format!("kind = '{kind}', {full}");
        let (code, line) = check(world, &probe);
        let nobody = format!("x: down: no {kind} has registered");
        assert!(code == 2 && line.starts_with(&nobody), "{line}");
        // More than 64 KiB of them.
        let stale = |n: u32| format!("elsewhere:{n}:some_queue,another_queue,one_more");
        add(key, &(0..2000).map(stale).collect::<Vec<_>>());
        let (code, line) = check(world, &probe);
        let stale = "x: down: only stale or foreign entries: 2000";
        assert!(code == 2 && line.starts_with(stale), "{line}");
        add(
            key,
            &[format!(
                "{host}:{own}:{}",
                if kind == "worker" { "*" } else { "0af3" }
            )],
        );
        assert_eq!(check(world, &probe).0, 0, "{kind}");
    }
}

/// An nginx with TLS and a page that is not there.
pub(crate) fn web(world: &World) {
    let (certificate, key) = certificate(world);
    let (port, plain) = (world.port("WEB"), world.port("WEBSOCKET"));
    let work = world.path("");
    let work = work.display();
    let conf = format!(
        "daemon off;\nerror_log stderr;\npid {work}/nginx.pid;\nevents {{}}\nhttp {{\n\
         access_log {work}/access.log;\n\
         client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3;\n\
         uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;\n\
         server {{ listen 127.0.0.1:{port} ssl; listen 127.0.0.1:{plain};\n\
         ssl_certificate {certificate}; ssl_certificate_key {key};\n\
         location /up {{ return 204; }}\nlocation /moved {{ return 302 /up; }}\n\
         location / {{ return 503; }}\n}}\n}}\n"
    );
    let file = world.path("tls.conf");
    fs::write(&file, conf).expect("write");
    let words = ["-c", &*file.to_string_lossy(), "-e", "stderr"];
    let _server = Server::start(world, "root", "nginx", &words);
    let ca = format!("ca-file = '{certificate}'");
    until(
        world,
        &format!("kind = 'http', address = 'https://localhost:{port}/up', {ca}"),
        "ready",
    );
    for (probe, code, part) in [
        (format!("address = 'localhost:{port}', {ca}"), 0, "ready"),
        (
            format!("address = 'localhost:{port}', {ca}, path = '/moved'"),
            0,
            "ready",
        ),
        (
            format!("address = 'localhost:{port}', {ca}, path = '/up', status = 200"),
            100,
            "status",
        ),
        (
            format!("address = 'localhost:{port}', {ca}, path = '/up', status = '200'"),
            1,
            "answers \"HTTP/1.1 204 No Content\"",
        ),
        (
            format!("address = 'localhost:{port}', {ca}, path = '/', status = ['200', '503']"),
            0,
            "ready",
        ),
        (
            format!("address = 'https://127.0.0.1:{port}/', {ca}"),
            2,
            "no TLS: ",
        ),
        (
            format!("address = 'https://127.0.0.1:{port}/up', {ca}, host = 'localhost'"),
            0,
            "ready",
        ),
        (
            format!("address = 'https://127.0.0.1:{port}/up', insecure = true"),
            0,
            "ready",
        ),
        (
            format!("address = 'https://localhost:{port}/up'"),
            2,
            "no TLS: ",
        ),
        // nginx answers 400 to a plain request on its port for TLS.
        (
            format!("address = 'http://localhost:{port}/up'"),
            1,
            "answers \"HTTP/1.1 400",
        ),
        (
            format!("address = 'https://localhost:{plain}/up', {ca}"),
            2,
            "no TLS: ",
        ),
        (
            format!("address = 'http://localhost:{plain}/none'"),
            1,
            "answers \"HTTP/1.1 503",
        ),
        (
            format!("address = 'http://localhost:{plain}/up'"),
            0,
            "ready",
        ),
        (format!("address = 'localhost:{plain}'"), 0, "ready"),
    ] {
        let (found, line) = check(world, &format!("kind = 'http', {probe}"));
        assert!(
            found == code && line.contains(part),
            "{probe}: {found} {line}"
        );
    }
}

/// A MariaDB with a user of the probe's own. It allows few errors.
pub(crate) fn mysql(world: &World) {
    let data = folder(world, "mysql", "mysql");
    let mut install = world.command("mariadb-install-db");
    install.args([
        "--no-defaults",
        "--user=mysql",
        "--auth-root-authentication-method=socket",
    ]);
    install
        .arg(format!("--datadir={data}"))
        .arg("--skip-test-db");
    let output = install.output().expect("mariadb-install-db");
    assert!(output.status.success(), "{output:?}");
    let port = world.port("MONGO");
    let socket = format!("{data}/socket");
    let words = [
        "--no-defaults".to_owned(),
        format!("--datadir={data}"),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--socket={socket}"),
        "--max-connect-errors=3".to_owned(),
        "--max-connections=10".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let server = Server::start(world, "mysql", "mariadbd", &words);
    let unix = format!("kind = 'mysql', address = '{socket}'");
    let tcp = format!("kind = 'mysql', address = '127.0.0.1:{port}'");
    until(world, &unix, "ready");
    let sql = |text: &str| {
        let mut client = world.command("mariadb");
        let output = client
            .args(["--no-defaults", "-S", &socket, "-N", "-e", text])
            .output();
        let output = output.expect("mariadb");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    sql(
        "create user gate@'%' identified by 'pass'; create user gate@localhost identified by 'pass'",
    );
    let password = world.path("password");
    fs::write(&password, "pass\n").expect("write");
    let user = format!(
        "{tcp}, user = 'gate', password-file = '{}'",
        password.display()
    );
    // A login that succeeds leaves nothing behind.
    let aborted = "show global status like 'Aborted_connects'";
    let before = (server.text(), sql(aborted));
    for probe in [&unix, &user] {
        for _ in 0..10 {
            let (code, line) = check(world, probe);
            assert_eq!(code, 0, "{line}");
        }
    }
    assert_eq!((server.text(), sql(aborted)), before);
    // One that is refused is a line, and never an interrupted handshake.
    let preauth = "show global status like 'Aborted_connects_preauth'";
    let before = sql(preauth);
    for _ in 0..10 {
        let (code, line) = check(world, &tcp);
        assert_eq!(code, 0, "{line}");
    }
    assert_eq!(sql(preauth), before);
    let mut sessions: Vec<_> = (0..10)
        .map(|_| {
            let mut client = world.command("mariadb");
            client.args([
                "--no-defaults",
                "-h",
                "127.0.0.1",
                "-P",
                &port.to_string(),
                "-ugate",
            ]);
            client.args(["-ppass", "-e", "select sleep(1000)"]);
            client
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("mariadb")
        })
        .collect();
    // The server keeps one more connection for an administrator, and asks who it is first.
    until(world, &user, "starting: \"Too many connections\"");
    for session in &mut sessions {
        let _ = session.kill();
        let _ = session.wait();
    }
    sessions.clear();
    until(world, &user, "ready");
    drop(server);
    until(world, &tcp, "down: connection refused");
}

/// A memcached with room for one client.
pub(crate) fn memcached(world: &World) {
    let port = world.port("MONGO");
    let words = [
        "-u",
        "nobody",
        "-l",
        "127.0.0.1",
        "-vv",
        "-p",
        &port.to_string(),
    ];
    let server = Server::start(world, "nobody", "memcached", &words);
    let probe = format!("kind = 'memcached', address = '127.0.0.1:{port}'");
    until(world, &probe, "ready");
    let (code, line) = check(
        world,
        &format!("kind = 'redis', address = '127.0.0.1:{port}'"),
    );
    assert!(code == 2 && line.contains("not as redis does"), "{line}");
    drop(server);
    until(world, &probe, "down: connection refused");
}

/// A RabbitMQ. It listens before it takes connections.
pub(crate) fn amqp(world: &World) {
    let home = folder(world, "rabbit", "rabbitmq");
    let (port, dist, epmd) = (
        world.port("MONGO"),
        world.port("SMTP"),
        world.port("POSTGRES"),
    );
    fs::write(world.path("rabbit/.erlang.cookie"), "cookie").expect("write");
    let mut own = Command::new("chown");
    own.arg("rabbitmq").arg(world.path("rabbit/.erlang.cookie"));
    assert!(own.status().expect("chown").success());
    let mut only = Command::new("chmod");
    only.arg("400").arg(world.path("rabbit/.erlang.cookie"));
    assert!(only.status().expect("chmod").success());
    let script = format!(
        "cd {home} && HOME={home} RABBITMQ_NODENAME=t{port}@localhost RABBITMQ_NODE_PORT={port} \
         RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_DIST_PORT={dist} ERL_EPMD_PORT={epmd} \
         RABBITMQ_MNESIA_BASE={home} RABBITMQ_LOG_BASE={home} RABBITMQ_LOGS=- \
         RABBITMQ_ENABLED_PLUGINS_FILE={home}/plugins RABBITMQ_CONFIG_FILE={home}/none \
         ERL_EPMD_ADDRESS=127.0.0.1 exec /usr/lib/rabbitmq/bin/rabbitmq-server"
    );
    // Else the first RabbitMQ of a host leaves one behind.
    let epmd = ["-port", &epmd.to_string(), "-address", "127.0.0.1"];
    let _names = Server::start(world, "rabbitmq", "epmd", &epmd);
    let server = Server::start(world, "rabbitmq", "sh", &["-c", &script]);
    let probe = format!("kind = 'amqp', address = '127.0.0.1:{port}'");
    until(world, &probe, "ready");
    assert!(
        server
            .text()
            .contains("Ready to start client connection listeners")
    );
    server.signal("-TERM");
    until(world, &probe, "down: connection refused");
}

/// What needs no server: a program and a file.
pub(crate) fn local(world: &World) {
    let file = world.path("marker");
    let probe = format!("kind = 'file', path = '{}'", file.display());
    assert_eq!(check(world, &probe).0, 2);
    fs::write(&file, "done").expect("write");
    assert_eq!(check(world, &probe).0, 0);
    let probe = format!(
        "kind = 'exec', command = ['grep', 'done', '{}']",
        file.display()
    );
    assert_eq!(check(world, &probe).0, 0);
    let probe = "kind = 'exec', command = ['sh', '-c', 'echo wait; exit 7']";
    let (code, line) = check(world, probe);
    let why = "x: down: exit code 7: \"wait\" (sh -c echo wait; exit 7, ";
    assert!(code == 2 && line.starts_with(why), "{line}");
}
