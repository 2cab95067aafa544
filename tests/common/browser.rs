//! A browser without a window that opens a page and runs a script of the test on it, over the
//! Chrome DevTools Protocol. Where there is no Chromium, a test says so and is skipped.
#![allow(dead_code)] // each test uses its share

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
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

/// Opens the page, runs this script on it and returns what the script returns. With `scripts` off,
/// those of the page do not run; this one does. The script may wait for what comes, and finds
/// `press(key)`, `text(query)`, `after(milliseconds)`, `until(condition)`, and `shown(query)`, what can
/// be seen of it.
#[track_caller]
pub fn drive(page: &str, view: View, script: &str) -> Option<Value> {
    let mut browser = Browser::start(&find()?);
    let file = browser.folder.join("page.html");
    std::fs::write(&file, page).unwrap();
    let address = format!("file://{}", file.display());
    browser.open(&address, view);
    let tools = "
        const press = (key, on = document.body) => on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
        const text = (query) => document.querySelector(query)?.textContent;
        const after = (time) => new Promise((done) => setTimeout(done, time));
        const until = async (condition) => { for (let i = 0; i < 1000 && !condition(); i += 1) await after(10); };
        const shown = (query) => [...document.querySelectorAll(query)].filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }));";
    let wait = if view.scripts { "async " } else { "" };
    let report = browser.evaluate(&format!("({wait}() => {{ {tools} {script} }})()"));
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.evaluate(wide), 0, "the page is wider than its window of {}", view.width);
    assert_eq!(browser.requests, [address], "the page asked for something");
    Some(report)
}

/// A browser at the other end of two pipes, through which go messages in JSON, each with a zero at
/// its end.
struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// The page that is talked to.
    session: Option<String>,
    calls: usize,
    loaded: bool,
    requests: Vec<String>,
    folder: PathBuf,
}

impl Browser {
    fn start(chromium: &str) -> Self {
        static BROWSERS: AtomicUsize = AtomicUsize::new(0);
        let number = BROWSERS.fetch_add(1, Ordering::Relaxed);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("browser-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        // It listens at its third pipe and speaks through its fourth.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", chromium])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args(["--disable-dev-shm-usage", "--disable-background-networking"])
            // A page that asks for anything gets nothing.
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let from = BufReader::new(from);
        Browser { process, to, from, session: None, calls: 0, loaded: false, requests: Vec::new(), folder }
    }

    fn open(&mut self, address: &str, view: View) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call("Target.attachToTarget", attach);
        self.session = session["sessionId"].as_str().map(String::from);
        self.call("Page.enable", json!({}));
        self.call("Network.enable", json!({}));
        let size = json!({ "width": view.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if view.dark { "dark" } else { "light" };
        let wishes = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": wishes }));
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !view.scripts }));
        self.call("Page.navigate", json!({ "url": address }));
        while !self.loaded {
            self.receive();
        }
    }

    #[track_caller]
    fn evaluate(&mut self, expression: &str) -> Value {
        let how = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", how);
        assert!(answer["exceptionDetails"].is_null(), "the script failed: {answer:#}");
        answer["result"]["value"].clone()
    }

    #[track_caller]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        write!(self.to, "{message}\0").unwrap();
        loop {
            let answer = self.receive();
            if answer["id"] == self.calls {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    /// The next message; what it tells of the page is remembered.
    fn receive(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has gone");
        let message: Value = serde_json::from_slice(&message).unwrap();
        match message["method"].as_str() {
            Some("Page.loadEventFired") => self.loaded = true,
            Some("Network.requestWillBeSent") => {
                self.requests.push(message["params"]["request"]["url"].as_str().unwrap().to_string());
            }
            _ => {}
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // What cannot be tidied up here does no harm.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The browser: what CHROMIUM names, or the first of the usual names that starts.
fn find() -> Option<String> {
    let named = std::env::var("CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome", "chrome"].map(String::from);
    let starts = |name: &String| {
        let mut version = Command::new("sh");
        version.args(["-c", "\"$0\" --version", name]);
        version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
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
