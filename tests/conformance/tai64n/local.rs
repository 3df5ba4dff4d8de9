//! tai64nlocal: the labels that it takes, and their time in each zone.

use std::path::Path;

use conformance::{Case, ours_has_musl};

fn converted(name: &str, input: impl Into<Vec<u8>>) -> Case {
    let input = input.into();
    Case::new(name).then(move |side| {
        side.command(["tai64nlocal"])
            .env("TZ=UTC")
            .stdin(input.clone())
            .run();
    })
}

/// Labels of every kind, and texts that are no labels.
pub(super) fn labels() -> Vec<Case> {
    let same: &[&str] = &[
        "",
        "\n",
        "x",
        "x\n",
        "\n\n@400000000000000a00000000 x\n\n",
        "@400000000000000a00000000\n",
        "@400000000000000a00000000",
        "a\n@400000000000000a0000",
        "@",
        "a\n@",
        "@400000000000000a3b9ac9ff x\n",
        "@400000000000000a3b9aca00 x\n",
        "@400000000000000affffffff x\n",
        "@400000000000000a00000000x\n",
        "@400000000000000a00000000@400000000000000a00000000\n",
        "x@400000000000000a00000000\n",
        " @400000000000000a00000000\n",
        "@400000000000000a00000000 @400000000000000a00000000\n",
        "@400000000000000a00000000\0x\n",
        "@400000000000000a00000000G\n",
        "@400000000000000a00000000A\n",
        "@400000000000000a00000000\u{e9}\n",
        "@400000000000000a00000000.s\n",
        "@0400000000000000a00000000 x\n",
        "@00000000000000000000000000000000400000000000000a00000000 x\n",
        "@1400000000000000a00000000 x\n",
        "@ffff400000000000000a00000000 x\n",
        "@400000000000000000000000 x\n",
        "@3fffffffffffffff00000000 x\n",
        "@3fffffff0000000000000000 x\n",
        "@3ffffff1868b840000000000 x\n",
        "@3fffffff0000000000000000\n@4000000100000000ffffffff\n",
        "@4000000037c219bf2ef02e94 mark\n",
        "@400000007fffffff00000000 x\n",
        "@400000008000000a00000000 x\n",
        "@4000000100000000000000f0 x\n",
        "@4000003afff4417f00000000 x\n",
        "@4000003afff4418a00000000 x\n",
        "@4000ffff0000000000000000 x\n",
        "@3ffffff00000000000000000 x\n",
        "@3fff00000000000000000000 x\n",
        "@3ffffffffffffff600000000 x\n",
    ];
    let mut cases: Vec<Case> = same
        .iter()
        .map(|input| converted(&format!("{input:?}"), *input))
        .collect();
    for input in [
        "@\n",
        "@ \n",
        "@foo\n",
        "@@400000000000000a00000000\n",
        "@400000000000000\n",
        "@400000000000000a0000000 x\n",
        "@400000000000000A00000000 x\n",
        "@000000000000000a00000000 x\n",
        "@ffffffffffffffff00000000 x\n",
        "@800000000000000a00000000 x\n",
        "@140000000000000a00000000 x\n",
        "@400000000000000a000000001 x\n",
        "@3ff0000000000000 x\n",
    ] {
        let line = format!("stdout: {}", input.trim_end_matches('\n'));
        cases.push(converted(&format!("{input:?} is copied"), input).differs(
            "the reference dies of labels that local time cannot be told of",
            &["end: killed by SIGSEGV", "stdout:"],
            &["end: exit 0", &line],
        ));
    }
    cases.extend([
        converted(
            "many labels",
            (0..3000_u32)
                .flat_map(|number| {
                    format!(
                        "@40000000{:08x}{:08x} line {number}\n",
                        0x3000_0000 + number * 977,
                        number * 1_431_655
                    )
                    .into_bytes()
                })
                .collect::<Vec<u8>>(),
        ),
        converted(
            "a label across the ends of blocks",
            (0..3000_u32)
                .flat_map(|number| {
                    format!(
                        "@400000005{:07x}0{:07x} {}\n",
                        number,
                        number,
                        "x".repeat((number % 97) as usize)
                    )
                    .into_bytes()
                })
                .collect::<Vec<u8>>(),
        ),
        converted(
            "long lines without labels",
            [
                vec![b'x'; 100_000],
                b"\n@400000000000000a00000000 \n".to_vec(),
                vec![b'@'; 0],
                vec![b'y'; 70_000],
            ]
            .concat(),
        ),
        converted(
            "bytes that are no UTF-8",
            b"\xff@400000000000000a00000000\n@400000000000000a00000000\xff\xfe\0\n".to_vec(),
        ),
    ]);
    cases
}

/// A rule for summer time that stands in TZ itself.
const RULE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

fn label(moment: i64) -> String {
    format!("@{:016x}075bcd15", (1_i64 << 62) + 10 + moment)
}

/// What musl does in another way than glibc.
fn zones_of_musl() -> Vec<Case> {
    let converted = |name: &str, zone: &'static str, moment: i64| {
        Case::new(format!("musl: {name}")).then(move |side| {
            side.command(["tai64nlocal"])
                .env(format!("TZ={zone}"))
                .stdin(format!("{} x\n", label(moment)))
                .run();
        })
    };
    let mut cases = vec![
        converted("a rule before 1970", RULE, -1_693_710_001).differs(
            "glibc has no summer time by a rule before 1970",
            &["stdout: 1916-04-30 21:59:59.123456789 x"],
            &["stdout: 1916-04-30 22:59:59.123456789 x"],
        ),
    ];
    // Debian 13 has these zones in a package of their own.
    if Path::new("/usr/share/zoneinfo/right/UTC").exists() {
        cases.push(
            converted("leap seconds", "right/UTC", 1_729_990_800).differs(
                "musl takes no leap seconds from a zone",
                &["stdout: 2024-10-27 00:59:33.123456789 x"],
                &["stdout: 2024-10-27 01:00:00.123456789 x"],
            ),
        );
    }
    cases
}

/// Times around changes of clocks, in zones of every kind.
pub(super) fn zones() -> Vec<Case> {
    let musl = ours_has_musl();
    let mut input = Vec::new();
    let mut since_1970 = Vec::new();
    // The first and last changes of the zones below, changes in 2024 and around leap
    // seconds; each from before and after, and in both orders.
    for moment in [
        -3_852_662_325_i64,
        -2_717_650_800,
        -2_524_521_600,
        -1_693_706_400,
        -63_158_400,
        0,
        63_072_000,
        78_796_800,
        500_000_000,
        1_136_073_600,
        1_325_203_200,
        1_711_846_800,
        1_710_054_000,
        1_729_990_800,
        1_730_613_600,
        1_712_415_600,
        1_727_539_200,
        2_140_045_200,
        4_102_444_800,
        32_503_680_000,
    ] {
        for step in [
            -3601, -900, -61, -60, -59, -30, -2, -1, 0, 1, 2, 27, 29, 30, 59, 60, 61, 899, 900,
            3600, -1, 0,
        ] {
            let line = format!("{} {moment}{step:+}\n", label(moment + step));
            input.extend(line.as_bytes());
            if moment + step >= 0 {
                since_1970.extend(line.as_bytes());
            }
        }
    }
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Monrovia",
        "Pacific/Apia",
        "right/UTC",
        "right/Europe/Paris",
        ":US/Pacific",
        "XYZ-3:21:17",
        RULE,
        "No/Such/Zone",
        "",
    ]
    .into_iter()
    .filter(|zone| !musl || !zone.starts_with("right/"))
    .map(|zone| {
        let input = if musl && zone == RULE {
            &since_1970
        } else {
            &input
        }
        .clone();
        Case::new(format!("TZ={zone}")).then(move |side| {
            side.command(["tai64nlocal"])
                .env(format!("TZ={zone}"))
                .stdin(input.clone())
                .run();
        })
    })
    .chain([Case::new("no TZ")
        .stdin("@400000000000000a00000000 x\n")
        .run(["tai64nlocal"])])
    .chain(if musl { zones_of_musl() } else { Vec::new() })
    .collect()
}
