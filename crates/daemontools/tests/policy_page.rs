//! supervise.toml(5) and the reader of `supervise.toml` agree.

use daemontools::servicedir::policy::{Name, Policy};

fn page() -> String {
    document("docs/man/supervise.toml.5")
}

fn document(name: &str) -> String {
    let path = format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).expect(&path)
}

/// What a file says, and the messages about it.
fn parsed(text: &str) -> (Policy, Vec<String>) {
    let mut messages = Vec::new();
    let policy = Policy::parse(text.as_bytes(), |trouble| {
        let message = trouble.kind.describe(|parts| parts.concat());
        messages.push(String::from_utf8(message).expect("ASCII"));
    });
    (policy, messages)
}

/// The names of the page in their order, each with what is said about it, in one line.
fn entries(page: &str) -> Vec<(&str, String)> {
    let mut entries: Vec<(&str, String)> = Vec::new();
    let mut in_entry = false;
    // The sections about names come before the one about who reads the file.
    let end = page.find(".Ss Who reads").expect("the section");
    for line in page[..end].lines() {
        if let Some(name) = line.strip_prefix(".It Ic ") {
            entries.push((name, String::new()));
            in_entry = true;
        } else if line.starts_with(".El") {
            in_entry = false;
        } else if in_entry && let Some((_, text)) = entries.last_mut() {
            text.push_str(line.trim_start_matches(".Ic "));
            text.push(' ');
        }
    }
    entries
}

#[test]
fn the_page_has_each_name_in_its_order_with_its_value_and_default() {
    let page = page();
    let entries = entries(&page);
    let names: Vec<&str> = entries.iter().map(|&(name, _)| name).collect();
    assert_eq!(names, Name::ALL.map(Name::text));
    for (name, (_, text)) in Name::ALL.into_iter().zip(&entries) {
        let value = format!("Wants {}. Default: ", name.wants());
        let rest = text.strip_prefix(&value).expect(text);
        let default = rest.split_once(". ").expect(rest).0;
        let in_words = match name {
            Name::Healthy => Some("that of backoff , but at least 10"),
            Name::StopTimeout => Some(
                "no limit; 10 seconds where supervise itself stops the service for ready-timeout .",
            ),
            Name::ReadyFd => Some("none"),
            _ => None,
        };
        match in_words {
            Some(words) => assert!(rest.starts_with(words), "{rest}"),
            None => {
                let line = format!("{} = {default}", name.text());
                assert_eq!(parsed(&line), (Policy::default(), Vec::new()), "{line}");
            }
        }
    }
    let unset = Policy::default();
    assert_eq!(unset.healthy().as_secs(), 10);
    assert_eq!(unset.stop_timeout(), None);
    let not_ready = unset.stop_timeout_when_not_ready();
    assert_eq!(not_ready.map(|limit| limit.as_secs()), Some(10));
    assert_eq!(unset.ready_fd, None);
}

/// The literal blocks of the page.
fn blocks(page: &str) -> Vec<String> {
    let blocks = page.split(".Bd -literal").skip(1);
    blocks
        .map(|block| {
            let text = block.split_once(".Ed").expect("the end of a block").0;
            text.split_once('\n').expect("a line").1.to_owned()
        })
        .collect()
}

#[test]
fn the_examples_are_files_without_trouble() {
    let page = page();
    let mut names = Vec::new();
    for block in blocks(&page) {
        let path = block.lines().next().unwrap_or_default();
        if !path.ends_with("/supervise.toml") {
            continue;
        }
        let (policy, messages) = parsed(&block);
        assert_eq!(messages, Vec::<String>::new(), "{block}");
        assert_ne!(policy, Policy::default(), "{block}");
        let table: toml::Table = block.parse().expect(&block);
        names.extend(table.into_iter().map(|(name, _)| name));
    }
    // Only the time limit of `finish` is in no example.
    for name in Name::ALL {
        let is_shown = names.iter().any(|known| known == name.text());
        assert_eq!(is_shown, name != Name::FinishTimeout, "{}", name.text());
    }
}

#[test]
fn the_example_of_the_readme_is_a_file_without_trouble() {
    let readme = document("README.md");
    let mut blocks = readme.split("```toml\n").skip(1);
    let block = blocks
        .find(|block| block.starts_with("# /etc/service/web/supervise.toml"))
        .expect("the example");
    let (policy, messages) = parsed(block.split("```").next().expect("its end"));
    assert_eq!((policy.ready_fd, messages), (Some(3), Vec::new()));
}

#[test]
fn the_page_has_each_message_about_a_line() {
    let long_line = format!("backoff = 9 #{}", "x".repeat(200));
    let text = format!(
        "\ngive-up = 3\nstop-tiemout = 4\nstop-timeout = 86401\n\
         give-up = 4\nbackoff 7\n{long_line}\n{}",
        "#\n".repeat(2048)
    );
    let (_, messages) = parsed(&text);
    assert_eq!(messages.len(), 6, "{messages:?}");
    let page = page();
    for message in messages {
        let line = format!(": {message}\n");
        assert!(page.contains(&line), "{line}");
    }
}
