use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_changed_file_is_kept_and_a_missing_one_made() {
    let folder = tempfile::tempdir().expect("a directory");
    let directory = folder.path().join("service");
    let settings = folder.path().join("default/diaspora");
    let first = install(&directory, Set::Diaspora, 2, Some(&settings)).expect("installed");
    assert_eq!(first.lines().count(), 22);
    assert!(
        first.lines().all(|line| line.ends_with(": made")),
        "{first}"
    );
    let run = directory.join("99thin_1/run");
    let mode = fs::metadata(&run).expect("made").permissions().mode();
    assert_eq!(mode & 0o7777, 0o755);
    fs::write(&run, "mine").expect("write");
    fs::remove_file(directory.join("30redis/log/run")).expect("remove");
    let second = install(&directory, Set::Diaspora, 3, Some(&settings)).expect("installed");
    assert_eq!(fs::read(&run).expect("read"), b"mine");
    assert_eq!(second.matches(": made").count(), 4, "{second}");
    assert_eq!(second.matches("kept").count(), 1, "{second}");
    let hidden = fs::read_dir(&directory).expect("read").flatten();
    assert!(
        hidden
            .map(|e| e.file_name())
            .all(|name| !name.to_string_lossy().starts_with('.'))
    );
}

#[test]
fn existing_files_are_neither_removed_nor_changed() {
    let folder = tempfile::tempdir().expect("a directory");
    let directory = folder.path().join("service");
    let settings = folder.path().join("default/diaspora");
    let mine = [
        "service/10mongo/run.new",
        "service/10mongo/.run.0.new",
        "service/10mongo/log/run.new",
        "service/.20nginx.new/run",
        "service/.20nginx.0.new/mine",
        "default/diaspora.new",
    ];
    for name in mine {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("mkdir");
        fs::write(file, name).expect("write");
    }
    // A FIFO does not block the program.
    let fifo = directory.join("90resque_worker");
    fs::create_dir(&fifo).expect("mkdir");
    let fifo = c_path(&fifo.join("run")).expect("no NUL");
    daemontools::unix::fifo::make(&fifo).expect("mkfifo");
    let report = install(&directory, Set::Diaspora, 1, Some(&settings)).expect("installed");
    assert!(
        report.contains("90resque_worker/run: kept, for it is no file"),
        "{report}"
    );
    assert_eq!(report.matches(": made").count(), 18, "{report}");
    for name in mine {
        let found = fs::read(folder.path().join(name)).expect(name);
        assert_eq!(found, name.as_bytes());
    }
    assert!(directory.join("20nginx/log/run").exists());
    assert!(!directory.join("20nginx/mine").exists());
}

#[test]
fn each_set_has_its_settings_and_an_edited_file_is_kept() {
    let folder = tempfile::tempdir().expect("a directory");
    let settings = folder.path().join("diaspora");
    let install = |set| {
        let report = install(folder.path(), set, 0, Some(&settings)).expect("installed");
        let last = report.lines().last().unwrap_or_default().to_owned();
        let word = last.rsplit_once(": ").expect("a word").1.to_owned();
        (word, fs::read_to_string(&settings).expect("made"))
    };
    let replaced = "made, in place of the other set's, which nobody had changed";
    for (set, word, part) in [
        (Set::Modern, "made", "RAILS_ENV=production\n"),
        (Set::Modern, "unchanged", "DIASPORA_USER=diaspora\n"),
        (Set::Diaspora, replaced, "RAILS_ENV=development\n"),
        (Set::Modern, replaced, "RAILS_ENV=production\n"),
    ] {
        let (found, text) = install(set);
        assert_eq!(found, word);
        assert!(text.contains(part), "{text}");
        let mode = fs::metadata(&settings).expect("made").permissions().mode();
        assert_eq!(mode & 0o7777, 0o644);
    }
    fs::write(&settings, "mine\n").expect("write");
    let kept = ("kept, for it was changed".to_owned(), "mine\n".to_owned());
    assert_eq!(install(Set::Diaspora), kept);
}

#[test]
fn what_was_not_asked_for_is_left_and_said() {
    let folder = tempfile::tempdir().expect("a directory");
    install(folder.path(), Set::Diaspora, 3, None).expect("installed");
    let left = |set, thins| {
        let report = install(folder.path(), set, thins, None).expect("installed");
        let lines = report
            .lines()
            .filter_map(|line| line.split_once(": left, "));
        let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
        lines.filter_map(|(path, _)| name(path)).collect::<Vec<_>>()
    };
    assert_eq!(left(Set::Diaspora, 3), [""; 0]);
    assert_eq!(left(Set::Diaspora, 1), ["99thin_1", "99thin_2"]);
    let old = [
        "10mongo",
        "80websocket",
        "90resque_worker",
        "99thin_0",
        "99thin_1",
        "99thin_2",
    ];
    assert_eq!(left(Set::Modern, 3), old);
    assert!(folder.path().join("99thin_2/run").exists());
}

#[test]
fn the_modern_set_has_no_thins() {
    let folder = tempfile::tempdir().expect("a directory");
    let report = install(folder.path(), Set::Modern, 3, None).expect("installed");
    assert!(report.contains("99puma/run") && !report.contains("thin"));
}
