//! The public face of the crate, item by item, as `rustdoc` sees it: macros expanded, re-exports
//! resolved. It stands in `tests/public_api.txt`, so that a change to it shows in review. A type is
//! `Send` and `Sync` unless it says there that it is not.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// With WENGERT_UPDATE set, the committed list is written anew.
#[test]
fn the_public_face_is_the_committed_list() {
    let doc = documented();
    let mut list = String::new();
    module(&doc.join("wengert"), "wengert", &mut list);
    assert!(list.contains("pub fn softmax(self, axis: impl Into<Axis>) -> Self"), "a list of what?\n{list}");

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/public_api.txt");
    if std::env::var_os("WENGERT_UPDATE").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    let lines = |text: &str| -> BTreeSet<String> { text.split("\n\n").flat_map(items).collect() };
    let (now, then) = (lines(&list), lines(&committed));
    let of = |sign: &str, set: Vec<&String>| -> String {
        set.iter().map(|line| format!("{sign} {line}\n")).collect()
    };
    let gone = of("-", then.difference(&now).collect());
    let come = of("+", now.difference(&then).collect());
    assert!(
        list == committed,
        "the public face has changed; WENGERT_UPDATE=1 writes tests/public_api.txt anew\n{gone}{come}"
    );
}

/// A block's lines, each with the path that heads the block.
fn items(block: &str) -> Vec<String> {
    let (path, rest) = block.split_once('\n').unwrap_or((block, ""));
    rest.lines().map(|line| format!("{path}: {}", line.trim())).collect()
}

/// Where the documentation is, made anew if a source has changed: with the flags of `.ci/run`, so
/// that it is made once.
fn documented() -> std::path::PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let made = Command::new(env!("CARGO"))
        .args(["doc", "--quiet", "--offline", "--no-deps", "--all-features", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("RUSTDOCFLAGS", "-D warnings")
        .output()
        .unwrap();
    assert!(made.status.success(), "cargo doc: {}", String::from_utf8_lossy(&made.stderr));
    target.join("doc")
}

/// Everything in a module: what it re-exports, its items, its modules.
fn module(folder: &Path, path: &str, list: &mut String) {
    let page = page(&folder.join("index.html"));
    let uses: Vec<String> = between(&page, "<code>pub use ", "</code>").map(text).collect();
    if !uses.is_empty() {
        let lines: String = uses.iter().map(|name| format!("  pub use {name}\n")).collect();
        writeln!(list, "{path}\n{lines}").unwrap();
    }
    let links: BTreeSet<&str> = between(&page, " href=\"", "\"").collect();
    for link in &links {
        let kind = link.split('.').next().unwrap_or_default();
        let name = link.split('.').nth(1).unwrap_or_default();
        if link.ends_with(".html")
            && !link.contains(['/', '#'])
            && ["struct", "enum", "union", "trait", "fn", "type", "constant", "static", "macro"]
                .contains(&kind)
        {
            item(&folder.join(link), &format!("{path}::{name}"), list);
        }
    }
    for link in links {
        if let Some(name) = link.strip_suffix("/index.html").filter(|name| !name.contains(['/', '.'])) {
            module(&folder.join(name), &format!("{path}::{name}"), list);
        }
    }
}

/// An item's declaration, its methods, and the traits that it has.
fn item(file: &Path, path: &str, list: &mut String) {
    let page = page(file);
    let declaration = between(&page, "<pre class=\"rust item-decl\"><code>", "</code></pre>").next();
    let declaration = declaration.unwrap_or_else(|| panic!("{}: no declaration", file.display()));
    writeln!(list, "{path}").unwrap();
    let declaration = text(declaration);
    let (first, is_trait) = (declaration.lines().next().unwrap_or_default(), declaration.contains("trait "));
    match first.contains("fn ") && !is_trait {
        true => writeln!(list, "  {}", one_line(&declaration)).unwrap(),
        false => declaration.lines().for_each(|line| writeln!(list, "  {line}").unwrap()),
    }
    // What follows are the standard library's methods and, for a trait, its implementors, who say it themselves.
    for part in page.split("<h2 id=\"").skip(1) {
        let of_others = ["deref-methods", "blanket-implementations", "implementors", "required", "provided"];
        if of_others.iter().any(|id| part.starts_with(id)) {
            continue;
        }
        let sections = part.split("<section id=\"").skip(1);
        for section in sections.filter(|section| !section.starts_with("variant") || is_trait) {
            let class = between(section, "class=\"", "\"").next().unwrap_or_default();
            let heading = between(section, " class=\"code-header\">", "</h").next().map(text);
            let Some(heading) =
                heading.filter(|_| !class.contains("trait-impl") && !is_trait || class == "impl")
            else {
                continue;
            };
            // What the compiler gives by itself goes without saying, except where it is not Send, not Sync.
            let thread = heading.contains("!Send for") || heading.contains("!Sync for");
            if part.starts_with("synthetic") && !thread || heading.contains("StructuralPartialEq") {
                continue;
            }
            writeln!(list, "{}{}", if class == "impl" { "  " } else { "    " }, one_line(&heading)).unwrap();
        }
    }
    list.push('\n');
}

/// A signature that was broken into lines, on one.
fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.replace("( ", "(").replace(", )", ")").replace(">where ", "> where ")
}

fn page(file: &Path) -> String {
    let html = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let start =
        html.find("<section id=\"main-content\"").unwrap_or_else(|| panic!("{}: no content", file.display()));
    html[start..].to_string()
}

/// What stands between two marks, again and again.
fn between<'a>(text: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(open).skip(1).filter_map(move |rest| rest.split_once(close).map(|(inner, _)| inner))
}

/// HTML without its marks.
fn text(html: &str) -> String {
    let mut html = html.to_string();
    while let Some((start, end)) = html.find("<summary").zip(html.find("</summary>")) {
        html.replace_range(start..end, "");
    }
    let mut plain = String::new();
    for (i, part) in html.replace("</div>", "\n").split('<').enumerate() {
        plain += if i == 0 { part } else { part.split_once('>').map_or("", |(_, rest)| rest) };
    }
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
            .iter()
            .fold(plain, |text, (from, to)| text.replace(from, to));
    plain.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
