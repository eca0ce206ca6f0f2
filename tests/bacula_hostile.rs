//! Text of all kinds in every place that takes any: Bacula reads the very same, or it is refused.

#[path = "support/bacula.rs"]
mod bacula;
#[path = "support/bacula_spec.rs"]
mod spec;

use drlang::emit::artifact::ArtifactTree;
use spec::{PARTS, compiled, emitted, refused, sound, write};
use std::fs;

fn text_of<'a>(tree: &'a ArtifactTree, path: &str) -> &'a str {
    std::str::from_utf8(&tree.get(path).unwrap_or_else(|| panic!("no {path}")).bytes).unwrap()
}

/// What `bdirjson` and its kin make of a configuration.
fn json(program: &str, conf: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.conf");
    fs::write(&file, conf).unwrap();
    let out = bacula::run(std::process::Command::new(program).arg("-c").arg(&file));
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| {
        panic!(
            "{program}: {e}: {}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        )
    })
}

/// The resources of a kind.
fn of<'a>(json: &'a serde_json::Value, kind: &str) -> Vec<&'a serde_json::Value> {
    json.as_array().unwrap().iter().filter_map(|r| r.get(kind)).collect()
}

/// A text as a string of a spec.
fn quoted(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\u{{{:x}}}", u32::from(c))).collect();
    format!("\"{escaped}\"")
}

/// A small estate with text of all kinds in every place that takes any.
fn hostile(text: &str, secrets: &str, tls: &str, store: &str) -> String {
    let path = |start: &str| quoted(&format!("{start}/{text}"));
    format!(
        "{PARTS}
        region east {{ site a {{ timezone = \"Asia/Shanghai\"
            host h {{ address = 10.0.0.1 }}
            store s {{ host = h; path = {store} }}
        }} }}
        backup-server main {{ host = h; stores = [s]; secrets = {secrets}; certificates = {tls} }}
        cluster db : mariadb {{ primary = h; datadir = {datadir}; logdir = {logs}; staging = {staging}; credentials = file({account}) }}
        data files {{ on = h path {files}; size = 1 MiB; backup s {{ full = daily 01:00; keep = 3 days }} }}
        data rows {{ on = db; size = 1 MiB; backup s {{ method = physical; full = daily 02:00; log = every 1 h; keep = 3 days }} }}
        ",
        store = quoted(store),
        secrets = quoted(secrets),
        tls = quoted(tls),
        datadir = path("/data"),
        logs = path("/logs"),
        staging = path("/staging"),
        account = path("/account"),
        files = path("/files"),
    )
}

/// Bacula's own programs and a real shell read the very strings of the spec, or it was refused.
fn the_very_strings(text: &str) -> Option<ArtifactTree> {
    let folder = tempfile::tempdir().unwrap();
    // A name that Linux does not take cannot be looked for; all else is a real folder of secrets.
    let plain = !text.contains('\0') && text.split('/').all(|part| part.len() < 256);
    let secrets = folder.path().join(if plain { text } else { "secrets" });
    let (mut tls, mut store) = (format!("/tls/{text}"), format!("/store/{text}"));
    let mut c = compiled(&hostile(text, secrets.to_str().unwrap(), &tls, &store));
    let early = c.problems.iter().filter(|d| d.entry.stage != "judge");
    if early.count() > 0 {
        return None;
    }
    let bad =
        text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) || text.len() > 2900;
    let mut said = refused(&c);
    // Bacula would have a shell run what stands in the paths of certificates.
    let shell = text.contains(|c| "~\\$[]*?`'<>\"".contains(c));
    if (shell || store.len() > 127) && !bad {
        assert_eq!(said.len(), usize::from(shell) + usize::from(store.len() > 127), "{said:?}");
        assert!(said.iter().all(|s| s.contains("a shell") || s.contains("127 bytes")), "{said:?}");
        (tls, store) = ("/tls".to_owned(), "/store".to_owned());
        c = sound(&hostile(text, secrets.to_str().unwrap(), &tls, &store));
        said = refused(&c);
    }
    assert_eq!(!said.is_empty(), bad, "{text:?}: {said:?}");
    if bad {
        assert!(said.iter().all(|s| s.starts_with("bacula-path: ") && !s.contains('\n')), "{said:?}");
        return None;
    }
    let tree = emitted(&c);
    if plain {
        fs::create_dir_all(&secrets).unwrap();
        for (name, key) in [
            ("h-dir.conf", "Password"),
            ("h-sd.conf", "Password"),
            ("h-fd.conf", "Password"),
            ("catalog.conf", "DB Password"),
        ] {
            fs::write(secrets.join(name), format!("{key} = \"of {name}\"\n")).unwrap();
        }
        let d = json("bdirjson", text_of(&tree, "hosts/h/etc/bacula/bacula-dir.conf"));
        let file = |name: &str| {
            let all = of(&d, "Fileset");
            let one = all.iter().find(|f| f["Name"] == name).unwrap();
            one["Include"][0]["File"][0].as_str().unwrap().to_owned()
        };
        assert_eq!(file("files-s"), format!("/files/{text}"));
        assert_eq!(file("db-s"), format!("/staging/{text}/db-s"));
        assert_eq!(file("db-s-log"), format!("/staging/{text}/db-s-log"));
        assert_eq!(of(&d, "Client")[0]["Password"], "of h-fd.conf");
        assert_eq!(of(&d, "Director")[0]["TlsKey"], format!("{tls}/h.key"));
        let s = json("bsdjson", text_of(&tree, "hosts/h/etc/bacula/bacula-sd.conf"));
        for device in of(&s, "Device") {
            assert_eq!(device["ArchiveDevice"], store.as_str());
        }
        let f = json("bfdjson", text_of(&tree, "hosts/h/etc/bacula/bacula-fd.conf"));
        assert_eq!(of(&f, "FileDaemon")[0]["PkiKeyPair"], format!("{tls}/data.pem"));
    }
    for (script, wanted) in [
        (
            "db-s.before",
            vec![
                ("staging", format!("/staging/{text}/db-s")),
                ("datadir", format!("/data/{text}")),
                ("credentials", format!("/account/{text}")),
            ],
        ),
        (
            "db-s-log.before",
            vec![("logdir", format!("/logs/{text}")), ("folder", format!("/staging/{text}/db-s-log"))],
        ),
        ("files-s.before", vec![("folder", format!("/files/{text}"))]),
    ] {
        let body = text_of(&tree, &format!("hosts/h/etc/bacula/scripts/{script}"));
        for (variable, value) in wanted {
            let line = body.lines().find(|l| l.starts_with(&format!("{variable}="))).unwrap();
            let out = bacula::run(
                std::process::Command::new("bash")
                    .arg("-c")
                    .arg(format!("{line}\nprintf %s \"${variable}\"")),
            );
            assert_eq!(String::from_utf8_lossy(&out.stdout), value, "{script}");
        }
    }
    Some(tree)
}

#[test]
fn hostile_text_is_refused_or_reads_back_the_same() {
    let long = "x".repeat(250);
    let longer = format!("{}y", "x/".repeat(1400));
    let root = tempfile::tempdir().unwrap();
    let all = [
        "plain",
        "it's",
        "\"",
        "\\",
        "\\\"",
        "a b ",
        " a",
        "$HOME $(id) `id`",
        "%l %%",
        "{{x}} {{{y}}} {{#if}}",
        "@",
        "@/etc/passwd",
        "|id",
        "<x",
        "#;,=}{",
        "é漢字😀",
        "\u{202e}rtl",
        "\u{a0}",
        "*?[a]",
        "!x",
        "~",
        "-rf",
        "..",
        "&<>\"'",
        "\n",
        "a\nb",
        "\r",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        &long,
        &longer,
        &"z".repeat(3001),
        "EOF",
        "'\"'\"'",
        "\\n",
        "${x}",
        "\u{feff}",
    ];
    let mut written = 0;
    for (n, text) in all.into_iter().enumerate() {
        if let Some(tree) = the_very_strings(text) {
            let own = root.path().join(n.to_string());
            write(&tree, &own);
            fs::create_dir_all(root.path().join("hosts")).unwrap();
            fs::rename(own.join("hosts/h"), root.path().join(format!("hosts/h{n}"))).unwrap();
            written += 1;
        }
    }
    assert_eq!(written, 30);
    bacula::judge(root.path());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]
    #[test]
    fn any_text_is_refused_or_reads_back_the_same(text in "([\"'\\\\$`%{}@|<>#;,= é漢*!~-]|[a-z]|\\n|\\PC){1,40}") {
        let text = text.replace('/', "|");
        if !matches!(text.as_str(), "." | "..") {
            the_very_strings(&text);
        }
    }
}
