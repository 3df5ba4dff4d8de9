use std::fs;

use super::*;

#[test]
fn commands_that_go_into_the_background_are_found() {
    for daemon in [
        "exec nginx -c /nonexistent",
        "exec redis-server --daemonize yes",
        "mongod --fork --logpath x",
        "exec bundle exec thin start -d",
        "service redis start",
        "/etc/init.d/redis start",
        "exec env A=1 start-stop-daemon --start --exec x",
        "myserver &",
        "exec setuidgid www memcached -d",
        "exec php-fpm8.2 -y /nonexistent",
        "exec smtpd -f x",
        "apache2 -k start",
        "rabbitmq-server -detached",
    ] {
        assert_eq!(faults_of_script(daemon).len(), 1, "{daemon}");
    }
    for fine in [
        "exec nginx -c /nonexistent -g 'daemon off;'",
        "nginx -t",
        "exec nginx -c \"$X/nginx.conf\"",
        "redis-server --port 1",
        "exec redis-server /etc/redis/redis.conf --daemonize no",
        "exec redis-server $X",
        "exec mongod --dbpath x",
        "exec php-fpm8.2 -F",
        "exec smtpd -d",
        "apache2 -D FOREGROUND",
        "# nginx",
        "exec 2>&1",
    ] {
        assert_eq!(faults_of_script(fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn the_file_that_the_command_names_decides() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("conf");
    let shown = file.display();
    for (text, command, part) in [
        ("daemon off;", "nginx -c FILE", ""),
        ("daemon on;", "nginx -c FILE", "has \"daemon on;\""),
        ("user x;", "nginx -c FILE", "add -g"),
        ("daemon off;", "nginx -c FILE -g 'daemon off;'", "only once"),
        ("daemon off;", "nginx -p FOLDER -c conf", ""),
        ("daemonize no", "redis-server FILE", ""),
        (
            "daemonize yes",
            "redis-server FILE",
            "has \"daemonize yes\"",
        ),
        ("port 1", "redis-server FILE", ""),
        ("daemonize yes", "redis-server FILE --daemonize no", ""),
        ("daemonize = no", "php-fpm8.2 -y FILE", ""),
        (
            "daemonize = yes",
            "php-fpm8.2 --fpm-config=FILE",
            "--nodaemonize",
        ),
        ("fork: true", "mongod --config FILE", "has \"fork\""),
    ] {
        fs::write(&file, text).expect("write");
        let command = command.replace("FILE", &shown.to_string());
        let command = command.replace("FOLDER", &folder.path().display().to_string());
        let found = faults_of_script(&command).join("\n");
        assert_eq!(
            found.is_empty(),
            part.is_empty(),
            "{text} {command}: {found}"
        );
        assert!(found.contains(part), "{text} {command}: {found}");
    }
}
