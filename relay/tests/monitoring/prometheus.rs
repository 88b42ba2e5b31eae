//! Prometheus and its tools, as they are on this machine.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The path of a program of Prometheus: in the folder that `SIDEREAL_PROMETHEUS` names, or found as
/// any program is. None, and words, where it is not there.
pub fn program(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SIDEREAL_PROMETHEUS").map(PathBuf::from);
    let path = folder.map_or_else(|| name.into(), |folder| folder.join(name));
    let status = Command::new(&path)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if status.is_ok_and(|status| status.success()) {
        return Some(path);
    }
    eprintln!("LEFT OUT: there is no {name}; `cargo xtask test` fetches it where there is apt");
    None
}

/// Lets a program judge files; it fails with what the program says.
pub fn judge(name: &str, arguments: &[&str], files: &[PathBuf]) {
    let Some(program) = program(name) else {
        return;
    };
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{name} {arguments:?}: {said}");
}

/// A program that ends with its owner.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Prometheus of this test's own.
pub struct Prometheus {
    _child: Running,
    port: u16,
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Prometheus {
    /// Starts it with the configuration in `folder`, which is made for `port`.
    pub fn start(program: &Path, folder: &Path, port: u16) -> Self {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(program)
            .arg(format!(
                "--config.file={}",
                folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--log.level=warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let prometheus = Self {
            _child: Running(child),
            port,
        };
        until("Prometheus is ready", || {
            let (status, _) = prometheus.get("/-/ready")?;
            (status == 200).then_some(())
        });
        prometheus
    }

    fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// Values of all series that an expression has now.
    pub fn query(&self, expression: &str) -> Vec<f64> {
        let path = format!(
            "/api/v1/query?query={}",
            torrent::percent::encode(expression)
        );
        let (status, body) = self.get(&path).expect("Prometheus answers");
        assert_eq!(status, 200, "{expression}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        let data = &body["data"];
        let value = |sample: &Value| -> f64 { sample[1].as_str().unwrap().parse().unwrap() };
        match data["resultType"].as_str() {
            Some("vector") => {
                let series = data["result"].as_array().unwrap();
                series
                    .iter()
                    .map(|series| value(&series["value"]))
                    .collect()
            }
            Some("scalar") => vec![value(&data["result"])],
            other => panic!("{expression} is {other:?}"),
        }
    }

    /// What people are told of an alert that fires, by key.
    pub fn told(&self, alert: &str) -> Value {
        until(alert, || {
            let (_, body) = self.get("/api/v1/alerts")?;
            let body: Value = serde_json::from_str(&body).ok()?;
            let alerts = body["data"]["alerts"].as_array()?;
            let mut firing = alerts.iter().filter(|known| known["state"] == "firing");
            let found = firing.find(|known| known["labels"]["alertname"] == alert)?;
            Some(found["annotations"].clone())
        })
    }

    /// Whether an expression has a value that is a number.
    pub fn has_data(&self, expression: &str) -> bool {
        self.query(expression).iter().any(|value| !value.is_nan())
    }

    /// Waits until an expression has a value that is not 0.
    pub fn wait_for(&self, expression: &str) {
        until(expression, || {
            let values = self.query(expression);
            values.iter().any(|value| *value != 0.0).then_some(())
        });
    }
}

/// Asks again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waiting for: {what}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn the_tools_of_prometheus_have_nothing_to_say() {
    let file = |name: &str| super::files::folder().join(name);
    let all = |of: &str| -> Vec<PathBuf> {
        super::files::names(of)
            .iter()
            .map(|name| file(name))
            .collect()
    };
    judge(
        "promtool",
        &["check", "config"],
        &[file("prometheus/prometheus.yml")],
    );
    judge("promtool", &["test", "rules"], &all("prometheus/tests"));
    judge(
        "amtool",
        &["check-config"],
        &[file("alertmanager/alertmanager.yml")],
    );
}
