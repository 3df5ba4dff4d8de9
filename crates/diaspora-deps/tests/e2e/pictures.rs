//! Pictures of services with names that are syntax elsewhere, drawn by the real Graphviz.

use std::fmt::Write as _;
use std::fs;
use std::process::Stdio;

use crate::world::World;

/// Each name as TOML has it, and as the picture shows it, in SVG.
const NAMES: [(&str, &str); 9] = [
    ("end", "end"),
    ("class", "class"),
    ("graph", "graph"),
    ("my app", "my app"),
    ("a\\\"b", "a&quot;b"),
    ("a\\\\", "a\\"),
    ("a\\nb", "a\\nb"),
    ("größe", "größe"),
    ("&lt;", "&amp;lt;"),
];

pub(crate) fn drawn(world: &World) {
    let mut services = String::new();
    for (name, _) in NAMES {
        let probe = "probe = { kind = \"unix\", address = \"/nonexistent\" }";
        let needs = if name == "end" { "" } else { "\"end\"" };
        let _ = writeln!(services, "[service.\"{name}\"]\nneeds = [{needs}]\n{probe}");
        // svscan knows the service by its directory.
        let directory = name.replace("\\n", "\n").replace("\\\"", "\"");
        fs::create_dir(world.path("service").join(directory.replace("\\\\", "\\"))).unwrap();
    }
    fs::write(world.path("services.toml"), services).unwrap();
    let file = world.path("services.toml").to_string_lossy().into_owned();
    let gate = |words: &[&str]| {
        let words = [&["--services", &file, "graph"], words].concat();
        let (code, text) = world.gate(&words);
        assert_eq!(code, 0, "{text}");
        text
    };
    for state in [&[][..], &["--state"]] {
        let graph = gate(&[&["--format", "dot"], state].concat());
        fs::write(world.path("graph"), &graph).unwrap();
        let mut dot = world.command("dot");
        let graph_file = fs::File::open(world.path("graph")).unwrap();
        let output = dot.arg("-Tsvg").stdin(graph_file).stderr(Stdio::piped());
        let output = output.output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && complaints.is_empty(),
            "{complaints}\n{graph}"
        );
        let picture = String::from_utf8_lossy(&output.stdout);
        assert_eq!(
            picture.matches("class=\"node\"").count(),
            NAMES.len(),
            "{picture}"
        );
        assert_eq!(picture.matches("class=\"edge\"").count(), NAMES.len() - 1);
        for (name, shown) in NAMES {
            assert!(
                picture.contains(&format!(">{shown}</text>")),
                "{name}: {picture}"
            );
        }
        let down = picture.matches("fill=\"#fbd5d5\"").count();
        assert_eq!(down, if state.is_empty() { 0 } else { NAMES.len() });
    }
    assert_eq!(gate(&[]).lines().count(), NAMES.len());
}
