//! Both stacks on real servers: redis, nginx, thin, a Ruby websocket server and worker, a
//! server that speaks Mongo's protocol, postgres, puma, sidekiq, opensmtpd. They run under
//! svscan and supervise, on ports of their own. `tests/install-servers` installs them; a
//! test is ignored if its servers are missing, and names them.
//!
//! The supervisors are those of `OURS_BIN` (default `build/bin`); the gate is the one of
//! this build.
#![allow(clippy::unwrap_used)]

mod any_stack;
mod complaints;
mod guide;
mod kinds;
mod lint;
mod loading;
mod modern;
mod outage;
mod own_system;
mod page;
mod pictures;
mod postgres;
mod processes;
mod programs;
mod scripts;
mod server;
mod start;
mod status;
mod stop;
mod supervised;
mod world;

use libtest_mimic::{Arguments, Completion, Trial};

use world::World;

/// A test: its name, the programs that it needs, its function.
type Case = (&'static str, &'static [&'static str], fn(&World));

const STACK: &[&str] = &[
    "svscan",
    "supervise",
    "multilog",
    "redis-server",
    "nginx",
    "bundle",
    "thin",
    "ruby",
    "nx-27017",
    "curl",
];

const CASES: &[Case] = &[
    (
        "the_stack_comes_up_in_any_order",
        STACK,
        start::in_any_order,
    ),
    ("redis_goes_and_comes_back", STACK, outage::redis),
    ("mongo_goes_and_comes_back", STACK, outage::mongo),
    (
        "a_loading_redis_is_starting_and_holds_the_gate",
        &["svscan", "supervise", "multilog", "redis-server"],
        loading::redis,
    ),
    (
        "a_stale_socket_is_down",
        &["svscan", "supervise", "multilog", "puma"],
        modern::stale_socket,
    ),
    (
        "probes_leave_no_line_in_the_log_of_postgres",
        &["psql"],
        postgres::quiet,
    ),
    (
        "probes_leave_no_line_while_postgres_starts",
        &["psql"],
        postgres::quiet_while_starting,
    ),
    (
        "redis_with_tls_and_users_and_its_workers",
        &["redis-server", "redis-cli", "openssl"],
        kinds::redis,
    ),
    ("a_web_server_with_tls", &["nginx", "openssl"], kinds::web),
    (
        "probes_leave_nothing_behind_in_mariadb",
        &["mariadbd", "mariadb", "mariadb-install-db"],
        kinds::mysql,
    ),
    ("memcached", &["memcached"], kinds::memcached),
    ("rabbitmq", &["rabbitmq-server"], kinds::amqp),
    ("a_program_and_a_file", &[], kinds::local),
    (
        "a_mail_server_is_ready",
        &["svscan", "supervise", "multilog", "smtpd"],
        modern::mail,
    ),
    (
        "a_daemon_in_the_background_is_found",
        &["svscan", "supervise", "redis-server"],
        outage::daemonised,
    ),
    (
        "supervise_tells_the_gate_when_a_service_is_ready",
        &["svscan", "supervise"],
        supervised::readiness,
    ),
    (
        "supervise_tells_the_gate_that_a_service_has_finished_or_failed",
        &["svscan", "supervise"],
        supervised::ends,
    ),
    (
        "any_stack_without_a_file",
        &[
            "svscan",
            "supervise",
            "multilog",
            "unshare",
            "ip",
            "curl",
            "redis-server",
            "nginx",
            "memcached",
        ],
        any_stack::without_a_file,
    ),
    (
        "any_stack_django_postgres_rabbitmq",
        &[
            "svscan",
            "supervise",
            "multilog",
            "unshare",
            "ip",
            "curl",
            "postgres",
            "rabbitmq-server",
            "epmd",
            "gunicorn",
            "rabbitmqctl",
            "django-admin",
        ],
        any_stack::django,
    ),
    (
        "any_stack_php_mariadb",
        &[
            "svscan",
            "supervise",
            "multilog",
            "unshare",
            "ip",
            "curl",
            "nginx",
            "mariadbd",
            "mariadb",
            "php-fpm*",
        ],
        any_stack::php,
    ),
    (
        "the_guide_for_todays_pod_is_followed",
        &[
            "svscan",
            "unshare",
            "ip",
            "curl",
            "redis-server",
            "nginx",
            "postgres",
            "puma",
            "sidekiq",
            "bundle",
        ],
        guide::todays_pod,
    ),
    (
        "a_pod_with_mariadb",
        &[
            "svscan",
            "supervise",
            "multilog",
            "unshare",
            "ip",
            "mariadbd",
        ],
        guide::mariadb,
    ),
    (
        "a_name_that_is_not_known_yet_is_waited_for",
        &["svscan", "unshare", "ip", "redis-server"],
        complaints::name,
    ),
    (
        "every_address_of_a_name_is_tried",
        &["svscan", "unshare", "ip", "redis-server"],
        complaints::addresses,
    ),
    (
        "a_temporary_server_is_not_ready",
        &["svscan", "unshare", "ip", "postgres", "psql", "setuidgid"],
        complaints::temporary_server,
    ),
    ("the_pages_name_tests_that_exist", &[], complaints::names),
    (
        "no_proxy_is_asked",
        &["svscan", "unshare", "ip", "nginx", "curl"],
        complaints::proxy,
    ),
    (
        "lint_finds_what_keeps_failing",
        &["svscan", "supervise"],
        lint::failing,
    ),
    (
        "graphviz_draws_services_of_any_name",
        &["dot"],
        pictures::drawn,
    ),
    (
        "a_stop_under_load_loses_no_job",
        &[
            "svscan",
            "supervise",
            "multilog",
            "redis-server",
            "postgres",
            "sidekiq",
            "ruby",
        ],
        stop::jobs,
    ),
    (
        "the_plain_forms_leave_the_stores_and_strays_alone",
        &[
            "svscan",
            "supervise",
            "multilog",
            "redis-server",
            "postgres",
            "sidekiq",
        ],
        stop::plain,
    ),
    (
        "a_foreign_session_does_not_hold_a_restart",
        &["svscan", "supervise", "multilog", "postgres", "psql"],
        stop::foreign_session,
    ),
    (
        "a_client_that_hangs_holds_its_store_and_nothing_else",
        &["svscan", "supervise", "multilog", "redis-server"],
        scripts::hanging_client,
    ),
    (
        "a_client_without_supervise_holds_its_store",
        &["supervise", "redis-server"],
        scripts::lost_supervise,
    ),
    (
        "a_service_that_had_to_be_killed_is_named",
        &["svscan", "supervise"],
        scripts::killed,
    ),
    (
        "a_restart_leaves_down_what_was_down",
        &["svscan", "supervise"],
        scripts::restart,
    ),
    (
        "a_start_waits_until_services_are_ready",
        &["svscan", "supervise"],
        scripts::waits_until_ready,
    ),
    (
        "status_tells_a_crash_loop",
        &["svscan", "supervise"],
        status::crash_loop,
    ),
    (
        "status_tells_since_when_a_gate_really_waits",
        &["svscan", "supervise"],
        status::real_wait,
    ),
    (
        "status_without_rights_says_so",
        &["svscan", "supervise", "setuidgid"],
        status::without_rights,
    ),
    ("install_makes_the_path_of_2010", &["unshare"], stop::link),
    (
        "a_request_is_answered_while_its_servers_stop",
        &[
            "svscan",
            "supervise",
            "multilog",
            "redis-server",
            "postgres",
            "nginx",
            "puma",
            "curl",
        ],
        stop::request,
    ),
];

fn main() {
    let mut arguments = Arguments::from_args();
    // Each test starts a dozen processes.
    arguments.test_threads = Some(1);
    let trials = CASES.iter().map(|&(name, needs, run)| {
        Trial::ignorable_test(name, move || {
            let missing = programs::missing(needs);
            if !missing.is_empty() {
                return Ok(Completion::ignored_with(format!(
                    "SKIPPED, for want of {missing}"
                )));
            }
            run(&World::new());
            Ok(Completion::Completed)
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
