//! A browser, and what its user does and sees.

use std::panic::Location;
use std::thread;
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::driver::{Driver, PATIENCE, delete, get, post};

/// A browser with one window. It is closed when dropped.
pub(crate) struct Browser {
    session: String,
}

impl Browser {
    pub(crate) fn start(driver: &Driver) -> Self {
        let browser = Self {
            session: driver.session(),
        };
        browser.devtools("Emulation.setLocaleOverride", json!({ "locale": "en-GB" }));
        browser
    }

    // ---- What the user does.

    pub(crate) fn goes_to(&self, page: &str) {
        self.command("url", json!({ "url": page }));
    }

    pub(crate) fn goes_back(&self) {
        self.command("back", json!({}));
    }

    pub(crate) fn loads_the_page_again(&self) {
        self.command("refresh", json!({}));
    }

    /// Opens a second window, and looks at that one from now on.
    pub(crate) fn opens_another_window(&self, page: &str) {
        let window = self.command("window/new", json!({ "type": "tab" }));
        self.command("window", json!({ "handle": window["handle"] }));
        self.goes_to(page);
    }

    /// Gives a name at the door.
    #[track_caller]
    pub(crate) fn asks_for(&self, name: &str) {
        self.waits_for("a door", "return !document.getElementById('door').hidden");
        self.run("document.getElementById('name').value = ''", &[]);
        self.types_into("#name", name);
        self.presses("Enter");
    }

    /// Comes in as `name`, and is in the lobby.
    #[track_caller]
    pub(crate) fn comes_in(&self, name: &str) {
        self.asks_for(name);
        self.is_in("#lobby");
    }

    #[track_caller]
    pub(crate) fn clicks(&self, selector: &str) {
        let element = self.find(selector);
        self.clicks_element(&element);
    }

    /// Clicks the button in `list` that says `text`.
    #[track_caller]
    pub(crate) fn chooses(&self, list: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0] + ' button')]
            .find((button) => button.querySelector('bdi').textContent === arguments[1])";
        let what = format!("{text} in {list}");
        let button = self.waits_for_value(&what, script, &[json!(list), json!(text)]);
        self.clicks_element(&reference(&button).unwrap());
    }

    #[track_caller]
    pub(crate) fn types_into(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.command(&format!("element/{element}/value"), json!({ "text": text }));
    }

    /// Types a message and sends it.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        self.types_into("#say", text);
        self.presses("Enter");
    }

    /// Presses keys, one after the other: `Tab`, `Alt+Down`, `x`.
    pub(crate) fn presses(&self, keys: &str) {
        let actions: Vec<Value> = keys.split(' ').flat_map(strokes).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        self.command("actions", json!({ "actions": [keyboard] }));
    }

    /// Has a window of this size, in pixels, from now on, on a screen with four dots for each. A narrow one
    /// is a telephone's.
    pub(crate) fn has_a_window_of(&self, width: u32, height: u32) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": width < 500 }),
        );
    }

    /// Prefers `scheme`, which is `light` or `dark`.
    pub(crate) fn prefers(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        );
    }

    // ---- What the user sees.

    /// Waits until the room in view is this, and the user is in it.
    #[track_caller]
    pub(crate) fn is_in(&self, room: &str) {
        let script = "const button = document.querySelector('[aria-current]:not(.absent)');
            return !document.getElementById('chat').hidden && button
                && button.querySelector('bdi').textContent === arguments[0]";
        self.waits_for_value(&format!("being in {room}"), script, &[json!(room)]);
    }

    /// Waits for a line of the log in view that contains `text` as it can be read.
    #[track_caller]
    pub(crate) fn reads(&self, text: &str) {
        let script = "return [...document.querySelectorAll('.log:not([hidden]) .lines .line')]
            .some((line) => line.innerText.includes(arguments[0]))";
        self.waits_for_value(&format!("the line {text:?}"), script, &[json!(text)]);
    }

    /// What a line says that contains `text`: who, and what.
    pub(crate) fn line_with(&self, text: &str) -> String {
        let script =
            "const line = [...document.querySelectorAll('.log:not([hidden]) .lines .line')]
            .find((line) => line.innerText.includes(arguments[0]));
            const time = line.querySelector('time');
            return [...line.children].filter((part) => part !== time)
                .map((part) => part.innerText.trim()).filter(Boolean).join(' ')";
        let line = self.run(script, &[json!(text)]);
        line.as_str().unwrap().to_owned()
    }

    /// Waits until what is shown at `selector` is `text`.
    #[track_caller]
    pub(crate) fn sees(&self, selector: &str, text: &str) {
        let script = "const element = document.querySelector(arguments[0]);
            return element && element.checkVisibility() && element.innerText.trim() === arguments[1]";
        let what = format!("{text:?} at {selector}");
        self.waits_for_value(&what, script, &[json!(selector), json!(text)]);
    }

    /// Waits until something is shown at `selector`.
    #[track_caller]
    pub(crate) fn sees_something(&self, selector: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])].some((one) => one.checkVisibility())";
        self.waits_for_value(selector, script, &[json!(selector)]);
    }

    /// Whether something is shown at `selector` now.
    pub(crate) fn has(&self, selector: &str) -> bool {
        let script = "return [...document.querySelectorAll(arguments[0])].some((one) => one.checkVisibility())";
        self.run(script, &[json!(selector)]) == json!(true)
    }

    /// Waits until a script returns something true.
    #[track_caller]
    pub(crate) fn waits_for(&self, what: &str, script: &str) {
        self.waits_for_value(what, script, &[]);
    }

    /// What a script returns.
    #[track_caller]
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.command(
            "execute/sync",
            json!({ "script": script, "args": arguments }),
        )
    }

    /// What a script returns, once it calls the last of its arguments.
    #[track_caller]
    pub(crate) fn run_async(&self, script: &str, arguments: &[Value]) -> Value {
        self.command(
            "execute/async",
            json!({ "script": script, "args": arguments }),
        )
    }

    /// What Chromium's own protocol answers.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, parameters: Value) -> Value {
        let command = json!({ "cmd": command, "params": parameters });
        self.command("goog/cdp/execute", command)
    }

    /// Waits until nothing moves any more.
    #[track_caller]
    pub(crate) fn comes_to_rest(&self) {
        let script = "const done = arguments[0];
            const moving = () => document.getAnimations().map(({ finished }) => finished.catch(() => {}));
            requestAnimationFrame(() => Promise.all(moving()).then(done))";
        self.run_async(script, &[]);
    }

    /// What the window shows, as a WebP picture.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let settings = json!({ "format": "webp", "quality": 85 });
        let picture = self.devtools("Page.captureScreenshot", settings);
        BASE64_STANDARD
            .decode(picture["data"].as_str().unwrap())
            .unwrap()
    }

    /// Complaints of the browser about the page, those of the security policy among them. A connection
    /// that the server has closed is none.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter();
        let complaints = entries.filter(|entry| entry["level"] != json!("INFO"));
        complaints
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .filter(|message| !message.contains("WebSocket connection"))
            .collect()
    }

    #[track_caller]
    fn waits_for_value(&self, what: &str, script: &str, arguments: &[Value]) -> Value {
        let place = Location::caller();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.run(script, arguments);
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            if Instant::now() > deadline {
                let page = self.run("return document.body.innerText", &[]);
                let page = page.as_str().unwrap_or_default();
                panic!("{place}: waited for {what}; the page shows:\n{page}");
            }
            // A browser tells nobody that it has drawn something.
            thread::sleep(Duration::from_millis(20));
        }
    }

    // What still moves might be missed.
    #[track_caller]
    fn clicks_element(&self, element: &str) {
        self.comes_to_rest();
        self.command(&format!("element/{element}/click"), json!({}));
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        self.sees_something(selector);
        let query = json!({ "using": "css selector", "value": selector });
        reference(&self.command("element", query)).unwrap()
    }

    #[track_caller]
    fn command(&self, path: &str, body: Value) -> Value {
        let address = format!("{}/{path}", self.session);
        post(&address, &body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The window's address, as the user sees it.
    pub(crate) fn address(&self) -> String {
        let address = get(&format!("{}/url", self.session)).unwrap();
        address.as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have crashed, or the driver.
        let _ = delete(&self.session);
    }
}

fn reference(element: &Value) -> Option<String> {
    let id = element.get("element-6066-11e4-a52e-4f735466cecf")?;
    Some(id.as_str()?.to_owned())
}

/// Key by key: `Shift+Tab` holds the first while the second is pressed.
fn strokes(chord: &str) -> Vec<Value> {
    let keys: Vec<&str> = chord.split('+').map(key).collect();
    let down = keys
        .iter()
        .map(|key| json!({ "type": "keyDown", "value": key }));
    let up = keys
        .iter()
        .rev()
        .map(|key| json!({ "type": "keyUp", "value": key }));
    down.chain(up).collect()
}

/// The sign that WebDriver has for a key.
fn key(name: &str) -> &str {
    match name {
        "Tab" => "\u{E004}",
        "Enter" => "\u{E007}",
        "Shift" => "\u{E008}",
        "Alt" => "\u{E00A}",
        "Escape" => "\u{E00C}",
        "Space" => " ",
        "Up" => "\u{E013}",
        "Down" => "\u{E015}",
        letter => letter,
    }
}
