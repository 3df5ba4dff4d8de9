//! The diagnostics that `DAEMONTOOLS_LOG` asks for.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use support::{Tree, is_alive, kill, wait_for};

/// Waits until a line of svscan's own diagnostics contains `text`.
fn wait_said(tree: &Tree, text: &str) {
    wait_for(text, || {
        let said = tree.said();
        let mut own = said.iter().filter(|line| line.contains(" svscan"));
        own.any(|line| line.contains(text)).then_some(())
    });
}

#[test]
fn writes_a_line_for_each_event_and_decision() {
    let mut tree = Tree::new();
    tree.service("a", "exec sleep 1000");
    tree.service("a/log", "exec cat");
    tree.start_as(tree.command().env("DAEMONTOOLS_LOG", "svscan=debug"));
    for text in [
        r#""a": seen, FirstScan"#,
        r#""a": new service, has a logger: true"#,
        r#""a": pipe made"#,
        r#""a": supervise started, pid "#,
        r#""a/log": supervise started, pid "#,
    ] {
        wait_said(&tree, text);
    }
    // A directory that is made in place waits, and is then started.
    tree.service("b", "exec sleep 1000");
    for text in [
        r#""b": seen, Made"#,
        r#""b": waits until the new Service is complete"#,
        r#""b": checked, ready: true"#,
        r#""b": new service, has a logger: false"#,
    ] {
        wait_said(&tree, text);
    }
    let killed = tree.supervise("b");
    assert!(kill("KILL", &killed.to_string()));
    wait_said(
        &tree,
        &format!(r#""b": supervise {killed} failed or was killed; may start in "#),
    );
    // The next svscan takes over what runs.
    let (service, log) = (tree.supervise("a"), tree.supervise("a/log"));
    assert!(kill("KILL", &tree.pid().to_string()));
    wait_for("its end", || (!is_alive(tree.pid())).then_some(()));
    tree.start_as(tree.command().env("DAEMONTOOLS_LOG", "svscan=debug"));
    for text in [
        &format!(r#""a": supervise {service} taken over"#),
        &format!(r#""a/log": supervise {log} taken over"#),
        r#""a": writes into Pipe("#,
    ] {
        wait_said(&tree, text);
    }
    assert!(kill("USR1", &tree.pid().to_string()));
    for text in [
        "told to stop, not for the first time: false",
        " to exit (Shutdown): Ok(())",
        r#""a": pipe closed"#,
        "all services have stopped",
    ] {
        wait_said(&tree, text);
    }
}

/// supervise inherits the variable. Between fork and exec a child of svscan writes nothing.
#[test]
fn writes_nothing_in_children_and_nothing_without_the_variable() {
    for filter in [None, Some("svscan=off"), Some("svscan=debug")] {
        let mut tree = Tree::new();
        tree.service("a", "exec sleep 1000");
        let mut command = tree.command();
        command.envs(filter.map(|filter| ("DAEMONTOOLS_LOG", filter)));
        tree.start_as(&mut command);
        tree.supervise("a");
        tree.service("b", "exec sleep 1000");
        tree.supervise("b");
        let said = tree.said();
        match filter {
            Some("svscan=debug") => {
                let own = |line: &String| line.starts_with("[DEBUG svscan");
                assert!(!said.is_empty() && said.iter().all(own), "{said:?}");
            }
            _ => assert_eq!(said, Vec::<String>::new()),
        }
    }
}
