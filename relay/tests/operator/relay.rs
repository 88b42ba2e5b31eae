//! A relay in a process of its own, and what an operator's browser says to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use protocol::admin::{Login, ROOT};
use serde::de::DeserializeOwned;

/// A folder with the smallest app, and one for the relay's data.
pub fn folders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("site")).unwrap();
    fs::write(folder.path().join("site/index.html"), "<!doctype html>app").unwrap();
    folder
}

/// The command that serves a folder.
pub fn command(folder: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidereal-relay"));
    command
        .args(["serve", "--port", "0", "--metrics", "off", "--stun", "off"])
        .arg("--site")
        .arg(folder.join("site"))
        .arg("--data-dir")
        .arg(folder.join("data"))
        .args(options)
        .env_remove("SIDEREAL_CONFIG")
        .env_remove("SIDEREAL_ADMIN_PASSWORD")
        .stderr(Stdio::piped());
    command
}

/// A relay that runs.
pub struct Relay {
    child: Mutex<Child>,
    address: String,
    /// The password that it told when it started.
    pub password: Option<String>,
    cookie: String,
    told: String,
    rest: Option<JoinHandle<String>>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    head: String,
    body: String,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Relay {
    /// Starts one, and waits until it serves.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        let mut child = command(folder, options).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        let address = loop {
            let begin = told.len();
            assert!(
                log.read_line(&mut told).unwrap() > 0,
                "the relay ended: {told}"
            );
            if let Some((_, url)) = told[begin..].split_once("url=http://") {
                break url.split_whitespace().next().unwrap().to_owned();
            }
        };
        let password = told
            .split_whitespace()
            .find(|word| word.len() == 29 && word.matches('-').count() == 5)
            .map(str::to_owned);
        if let Some(password) = &password {
            fs::write(folder.join("told"), password).unwrap();
        }
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            let _ = log.read_to_string(&mut rest);
            rest
        });
        Self {
            child: Mutex::new(child),
            address,
            password,
            cookie: String::new(),
            told,
            rest: Some(rest),
        }
    }

    /// Another one in its place, with the same session.
    pub fn again(mut self, folder: &Path) -> Self {
        let cookie = std::mem::take(&mut self.cookie);
        drop(self);
        let mut relay = Self::start(folder, &[]);
        relay.cookie = cookie;
        relay
    }

    /// Ends it without a word; other threads may be asking it.
    pub fn kill_hard(&self) {
        let mut child = self.child.lock().unwrap();
        // SIGKILL. One that has ended is as good.
        let _ = child.kill();
        child.wait().unwrap();
    }

    /// Ends it; all that it wrote to standard error.
    pub fn kill(mut self) -> String {
        self.kill_hard();
        let rest = self.rest.take().unwrap().join().unwrap();
        format!("{}{rest}", self.told)
    }

    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .ok()?;
        let (address, cookie, length) = (&self.address, &self.cookie, body.len());
        let origin = if headers.contains("Origin:") {
            String::new()
        } else {
            format!("Origin: http://{address}\r\n")
        };
        let head = format!(
            "{method} {ROOT}/{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Length: {length}\r\nCookie: {cookie}\r\n{origin}{headers}\r\n{body}"
        );
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some(Answer {
            status: head.split(' ').nth(1)?.parse().ok()?,
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// Asks; `headers` each end a line.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        self.send(method, path, headers, body).expect("an answer")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    pub fn login(&mut self, password: &str) {
        let login = serde_json::to_string(&Login {
            password: password.into(),
        });
        let answer = self.ask("POST", "session", "", &login.unwrap());
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "));
        self.cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
    }

    pub fn block(&self, address: &str) -> Answer {
        let body = format!("{{\"kind\":\"address\",\"value\":\"{address}\",\"reason\":\"\"}}");
        self.ask("POST", "blocks", "", &body)
    }

    /// The status of the answer, where there is a whole one.
    pub fn try_block(&self, address: &str) -> Option<u16> {
        let body = format!("{{\"kind\":\"address\",\"value\":\"{address}\",\"reason\":\"\"}}");
        self.send("POST", "blocks", "", &body)
            .map(|answer| answer.status)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Ok(child) = self.child.get_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
