//! A browser without a window that opens a page, with a script of the test in it, and says what
//! became of it. Where there is no Chromium, a test says so and is skipped.
#![allow(dead_code)] // each test uses its share

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a page is opened with.
#[derive(Clone, Copy)]
pub struct View {
    pub width: u32,
    pub dark: bool,
    pub scripts: bool,
}

pub const WIDE: View = View { width: 1280, dark: false, scripts: true };
pub const NARROW: View = View { width: 390, dark: true, scripts: true };
pub const STILL: View = View { width: 1280, dark: false, scripts: false };

/// The page as it is after it was opened; none if there is no browser here.
#[track_caller]
pub fn open(page: &str, view: View) -> Option<String> {
    static PAGES: AtomicUsize = AtomicUsize::new(0);
    let chromium = find()?;
    let number = PAGES.fetch_add(1, Ordering::Relaxed);
    let folder =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("page.html");
    // A policy that forbids scripts: the browser cannot print a page if it has none of its own.
    let forbidden = page.replace("script-src 'unsafe-inline'", "script-src 'none'");
    std::fs::write(&file, if view.scripts { page } else { &forbidden }).unwrap();
    let mut command = Command::new(chromium);
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        // A page that asks for anything gets nothing.
        .args(["--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--window-size={},900", view.width))
        .args(["--force-prefers-reduced-motion", "--virtual-time-budget=20000", "--dump-dom"]);
    if view.dark {
        command.arg("--blink-settings=preferredColorScheme=0");
    }
    let output = command.arg(format!("file://{}", file.display())).stderr(Stdio::null()).output().unwrap();
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && dom.contains("</html>"), "the browser says {}: {dom}", output.status);
    std::fs::remove_dir_all(&folder).unwrap();
    Some(dom)
}

/// Opens the page with this script at its end and returns what the script reports: a JavaScript
/// value, after a `return`.
#[track_caller]
pub fn drive(page: &str, view: View, script: &str) -> Option<Value> {
    const MARK: &str = "the report of the test: ";
    let script = format!(
        "<script>{{\n\
         const asked = [];\n\
         document.addEventListener('securitypolicyviolation', (event) => asked.push(event.blockedURI));\n\
         const press = (key, on = document.body) => on.dispatchEvent(new KeyboardEvent('keydown', {{ key, bubbles: true, cancelable: true }}));\n\
         const text = (query) => document.querySelector(query)?.textContent;\n\
         let report;\n\
         try {{ report = (() => {{ {script} }})(); }} catch (error) {{ report = {{ error: String(error.stack) }}; }}\n\
         report.requests = performance.getEntriesByType('resource').map((entry) => entry.name).concat(asked);\n\
         report.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;\n\
         const pre = document.createElement('pre');\n\
         pre.textContent = '{MARK}' + btoa(unescape(encodeURIComponent(JSON.stringify(report)))) + ' ';\n\
         document.body.append(pre);\n\
         }}</script></body>"
    );
    let (before, after) = page.rsplit_once("</body>").expect("a page has a body");
    let dom = open(&format!("{before}{script}{after}"), view)?;
    let (_, report) = dom.rsplit_once(MARK).unwrap_or_else(|| panic!("there is no report in {dom}"));
    let (report, _) = report.split_once(' ').unwrap();
    let report: Value = serde_json::from_slice(&from_base64(report)).unwrap();
    assert!(report["error"].is_null(), "the script failed: {}", report["error"]);
    assert_eq!(report["requests"], serde_json::json!([]), "the page asked for something");
    assert_eq!(report["wide"], 0, "the page is wider than its window of {}", view.width);
    Some(report)
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|&c| c != b'=').map(digit).collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let bits = four.iter().fold(0u32, |bits, &d| bits << 6 | u32::from(d)) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    });
    bytes.collect()
}

/// The browser: what CHROMIUM names, or the first of the usual names that starts.
fn find() -> Option<String> {
    let named = std::env::var("CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome", "chrome"].map(String::from);
    let starts = |name: &String| {
        let version =
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let found = named.into_iter().chain(usual).find(starts);
    if found.is_none() {
        eprintln!("skipped: there is no Chromium here to open the page in");
    }
    found
}

/// Nothing in the page names a place to get something from. Texts are not looked at.
#[track_caller]
pub fn stands_alone(page: &str) {
    let policy = "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\"";
    assert!(page.contains(policy));
    for reference in ["http:", "https:", "//", " src=", " href=", "@import", "fetch(", "XMLHttp", "import("] {
        assert!(!page.contains(reference), "{reference} is in the page");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(#tip)").count());
}

/// Every text has a contrast of 4.5 to 1 or more to what is behind it (WCAG 2.2, 1.4.3), in light
/// and in dark.
#[track_caller]
pub fn is_legible(css: &str, pairs: &[(&str, &str)]) {
    let schemes: Vec<&str> = css.split(":root {").skip(1).collect();
    assert_eq!(schemes.len(), 2, "one for light, one for dark");
    for scheme in schemes {
        let luminance = |name: &str| {
            let (_, after) =
                scheme.split_once(&format!("--{name}: #")).unwrap_or_else(|| panic!("no --{name}"));
            let part = |i: usize| {
                let c = f64::from(u8::from_str_radix(&after[2 * i..2 * i + 2], 16).unwrap()) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
        };
        for (text, behind) in pairs {
            let (a, b) = (luminance(text), luminance(behind));
            let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(contrast >= 4.5, "--{text} on --{behind} has a contrast of {contrast:.2}");
        }
    }
}
