//! Chromium's driver: a process that speaks WebDriver (<https://www.w3.org/TR/webdriver2/>).

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);

/// A driver that runs. It is ended when dropped.
pub(crate) struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    /// Starts one, or tells what is missing.
    pub(crate) fn start() -> Result<Self, String> {
        let help = "(Debian: apt-get install chromium chromium-driver)";
        let missing = |what: &str| format!("{what} {help}");
        Command::new("chromium")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|_| missing("chromium"))?;
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| missing("chromedriver"))?;
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = log.by_ref().find_map(|line| port_of(&line.ok()?));
        thread::spawn(|| log.for_each(drop));
        let port = port.ok_or_else(|| missing("a chromedriver that starts"))?;
        Ok(Self {
            process,
            address: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Starts a browser. Returns the address under which it takes commands.
    pub(crate) fn session(&self) -> String {
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=en-GB",
            "--window-size=1200,760",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            // The server has made its certificate itself.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let session = post(&format!("{}/session", self.address), &capabilities).unwrap();
        let id = session["sessionId"].as_str().unwrap();
        format!("{}/session/{id}", self.address)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Gives a command. An error is what the driver says of it.
pub(crate) fn post(address: &str, command: &Value) -> Result<Value, String> {
    answer(minreq::post(address).with_body(command.to_string()))
}

/// Asks for something.
pub(crate) fn get(address: &str) -> Result<Value, String> {
    answer(minreq::get(address))
}

/// Ends a session.
pub(crate) fn delete(address: &str) -> Result<Value, String> {
    answer(minreq::delete(address))
}

fn answer(request: minreq::Request) -> Result<Value, String> {
    let response = request
        .with_header("Content-Type", "application/json")
        .with_timeout(2 * PATIENCE.as_secs())
        .send()
        .map_err(|error| error.to_string())?;
    let mut body: Value =
        serde_json::from_slice(response.as_bytes()).map_err(|error| error.to_string())?;
    match &body["value"]["error"] {
        Value::String(_) => Err(body["value"]["message"].to_string()),
        _ => Ok(body["value"].take()),
    }
}

fn port_of(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
