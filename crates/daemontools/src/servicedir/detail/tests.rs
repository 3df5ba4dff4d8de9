use super::*;

#[test]
fn the_longest_detail_fits_and_reads_back() {
    for last_end in [End::Exited(i32::MAX), End::Killed(i32::MAX)] {
        let detail = Detail {
            starts: u64::MAX,
            last_end: Some(last_end),
            process: Some(MainProcess {
                pid: u32::MAX,
                start_time: u64::MAX,
            }),
            since: Some([b'f'; LABEL_LEN]),
            boot: Some([b'f'; BOOT_ID_LEN]),
            init: Some(u64::MAX),
            directory: Some(file::Identity {
                device: u64::MAX,
                inode: u64::MAX,
            }),
            seen: Some(u64::MAX),
            terminated: true,
            stage: Some(Stage::Finishing),
            then: Some(Outcome::Finished),
            ready: Some([b'f'; LABEL_LEN]),
            failures: u32::MAX,
            failed: u64::MAX,
            next: Some([b'f'; LABEL_LEN]),
            asked: true,
            finish: Some(MainProcess {
                pid: u32::MAX,
                start_time: u64::MAX,
            }),
            ended: true,
        };
        let text = detail.render();
        assert!(text.starts_with(b"starts 18446744073709551615\n"));
        assert_eq!(Detail::parse(&text), detail);
    }
}

#[test]
fn lines_that_are_not_understood_count_as_missing() {
    for text in [
        &b""[..],
        b"\n\n",
        b"starts",
        b"starts x\nboot short\npid 7\n",
        b"\xff \xff",
        b"directory 7\nseen x\nterminated 0\n",
    ] {
        assert_eq!(Detail::parse(text), Detail::default());
    }
}

#[test]
fn reads_the_file_as_far_as_the_buffer_goes() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().join("detail");
    for length in [0, 17, DETAIL_LEN, 2 * DETAIL_LEN] {
        std::fs::write(&path, vec![b'x'; length]).expect("write");
        let file = std::fs::File::open(&path).expect("open");
        let mut buffer = [0; DETAIL_LEN];
        let text = read(&file, &mut buffer).expect("read");
        assert_eq!(text, vec![b'x'; length.min(DETAIL_LEN)]);
    }
}
