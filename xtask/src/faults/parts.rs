//! A relay of its own to do harm to, and clients without manners.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long anything may take.
const MOST_WAIT: Duration = Duration::from_secs(20);
/// The operator's password of relays that are harmed.
pub const PASSWORD: &str = "a password of this table";

/// A program that ends with its owner.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that was stopped cannot end. It may have ended by itself.
        self.signal("CONT");
        // Of a program that runs another one, that one.
        let id = self.0.id().to_string();
        let _ = Command::new("pkill").args(["-KILL", "-P", &id]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let _ = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
    }
}

/// Where harm is done: a folder, and the relay's program.
pub struct Place {
    binary: PathBuf,
    /// A program and its words that runs the relay.
    wrapper: Vec<String>,
    /// The folder, which is thrown away.
    pub folder: PathBuf,
}

impl Place {
    /// A new folder below `parent`.
    pub fn new(binary: &Path, parent: &Path, name: &str) -> Result<Self> {
        let folder = parent.join(name);
        fs::create_dir_all(folder.join("site"))?;
        fs::write(folder.join("site/index.html"), "<!doctype html>app")?;
        Ok(Self {
            binary: binary.into(),
            wrapper: Vec::new(),
            folder,
        })
    }

    /// The same place, with a relay that another program runs.
    pub fn wrapped(&self, program: &str, words: &[&str]) -> Self {
        let wrapper = std::iter::once(&program).chain(words);
        Self {
            binary: self.binary.clone(),
            wrapper: wrapper.map(|&word| word.to_owned()).collect(),
            folder: self.folder.clone(),
        }
    }

    /// A command of the relay's program.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = match &*self.wrapper {
            [] => Command::new(&self.binary),
            [program, rest @ ..] => {
                let mut command = Command::new(program);
                command.args(rest).arg(&self.binary);
                command
            }
        };
        command.args(words).env_remove("SIDEREAL_CONFIG");
        command
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of collections.
    pub fn collections(&self) -> PathBuf {
        self.folder.join("collections")
    }

    /// A folder of tunes that can be published: some that are, and `count` times 300 KB.
    pub fn tunes(&self, count: usize) -> Result<PathBuf> {
        let tunes = self.folder.join("tunes");
        fs::create_dir_all(&tunes)?;
        for number in 0..count {
            let byte = (number % 251) as u8;
            let mut bytes = vec![byte; 300_000];
            bytes[..8].copy_from_slice(&(number as u64).to_le_bytes());
            fs::write(tunes.join(format!("{number:04}.bin")), bytes)?;
        }
        Ok(tunes)
    }

    /// `publish`, not started yet.
    pub fn publish(&self, tunes: &Path) -> Command {
        let mut command = self.command(&["publish", "--name", "Tunes", "--out"]);
        command.arg(self.collections()).arg(tunes);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts a relay that has little patience.
    pub fn start(&self, options: &[&str]) -> Result<Relay> {
        let mut command = self.command(&["serve", "--port", "0", "--metrics", "127.0.0.1:0"]);
        command
            .args([
                "--stun",
                "off",
                "--limit-head-seconds",
                "1",
                "--limit-body-seconds",
                "1",
            ])
            .args(["--limit-stalled-seconds", "1"])
            .args(options)
            .env("SIDEREAL_ADMIN_PASSWORD", PASSWORD)
            .arg("--site")
            .arg(self.folder.join("site"))
            .arg("--data-dir")
            .arg(self.data())
            .arg("--collections")
            .arg(self.collections())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context("the relay does not start")?;
        let mut log = BufReader::new(child.stderr.take().context("a pipe")?);
        let process = Running(child);
        let mut address = || -> Result<SocketAddr> {
            let mut said = String::new();
            loop {
                let mut line = String::new();
                ensure!(log.read_line(&mut line)? > 0, "the relay ended: {said}");
                if let Some((_, url)) = line.split_once("url=http://") {
                    let end = url.find(['/', ' ', '\n']).unwrap_or(url.len());
                    return Ok(url[..end].parse()?);
                }
                said.push_str(&line);
            }
        };
        let (public, metrics) = (address()?, address()?);
        // Whatever else it says is read, so that it is never stopped by a full pipe.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Ok(Relay {
            process,
            public,
            metrics,
        })
    }
}

/// A relay that runs.
pub struct Relay {
    /// Its process.
    pub process: Running,
    /// Where it serves the world.
    pub public: SocketAddr,
    metrics: SocketAddr,
}

/// An answer: status, head, body.
pub struct Answer {
    /// Status; 0 where there was none.
    pub status: u16,
    /// Lines of the head.
    pub head: String,
    /// Body as text.
    pub body: String,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }
}

impl Relay {
    /// A connection.
    pub fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(self.public)?;
        stream.set_read_timeout(Some(MOST_WAIT))?;
        stream.set_write_timeout(Some(MOST_WAIT))?;
        Ok(stream)
    }

    /// Says something and reads until the relay hangs up.
    pub fn say(&self, bytes: &[u8]) -> Result<Answer> {
        let mut stream = self.connect()?;
        // Who is refused early may be hung up on while it still speaks.
        let _ = stream.write_all(bytes);
        Ok(Answer::read(&end(&mut stream)?))
    }

    /// A request with a body.
    pub fn ask(&self, request: &str, lines: &str, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n",
            self.public,
            body.len()
        );
        self.say(&[head.as_bytes(), body].concat())
    }

    /// The line with which a browser says that it is on a page of this relay.
    pub fn own(&self) -> String {
        format!("Origin: http://{}\r\n", self.public)
    }

    /// A request to the operator's routes.
    pub fn admin(&self, request: &str, lines: &str, body: &str) -> Result<Answer> {
        let (method, path) = request.split_once(' ').context("a method and a path")?;
        let request = format!("{method} /api/v1/admin/{path}");
        let lines = format!("Content-Type: application/json\r\n{lines}");
        self.ask(&request, &lines, body.as_bytes())
    }

    /// Logs in; the line with the cookie.
    pub fn log_in(&self) -> Result<String> {
        let body = format!("{{\"password\":\"{PASSWORD}\"}}");
        let answer = self.admin("POST session", &self.own(), &body)?;
        ensure!(
            answer.status == 200,
            "logging in: {} {}",
            answer.status,
            answer.body
        );
        let mut lines = answer.head.lines();
        let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        Ok(format!("Cookie: {}\r\n", cookie.context("a cookie")?))
    }

    /// The value of a series; 0 where there is none.
    pub fn metric(&self, series: &str) -> Result<f64> {
        let mut stream = TcpStream::connect(self.metrics)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        Ok(value.map_or(Ok(0.0), str::parse)?)
    }

    /// Whether it still does what it is there for.
    pub fn is_well(&self) -> Result<bool> {
        Ok(self.ask("GET /readyz", "", b"")?.status == 200)
    }

    /// A socket of the tracker.
    pub fn socket(&self) -> Result<Socket> {
        let mut stream = self.connect()?;
        let head = "GET /announce HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(head.as_bytes())?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "no socket");
        Ok(Socket(stream))
    }
}

/// A socket of the tracker.
pub struct Socket(pub TcpStream);

impl Socket {
    /// Sends a frame, whose length may be a lie.
    pub fn send(&mut self, first: u8, payload: &[u8], length: usize) -> Result<()> {
        let mut frame = vec![first, 0x80 | 127];
        frame.extend((length as u64).to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(payload);
        Ok(self.0.write_all(&frame)?)
    }

    /// An announcement of a peer; its reply has an interval.
    pub fn announcement(peer: char) -> String {
        let (hash, peer) = ("h".repeat(20), peer.to_string().repeat(20));
        format!(
            "{{\"action\":\"announce\",\"info_hash\":\"{hash}\",\"peer_id\":\"{peer}\",\"left\":1}}"
        )
    }

    /// Reads until what was said has `words`; an error where the relay hangs up before.
    pub fn wait_for(&mut self, words: &str) -> Result<()> {
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(words) {
            let mut bytes = [0; 4_096];
            let count = self.0.read(&mut bytes)?;
            ensure!(count > 0, "it hung up");
            said.extend_from_slice(&bytes[..count]);
        }
        Ok(())
    }

    /// The status with which the relay closes it.
    pub fn closed(mut self) -> Result<u16> {
        let bytes = end(&mut self.0)?;
        let close = bytes.windows(4).rev().find(|four| four[0] == 0x88);
        let close = close.context("it hung up without a word")?;
        Ok(u16::from_be_bytes([close[2], close[3]]))
    }
}

/// Reads to the end, which may be a reset.
pub fn end(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
            bail!("nobody hangs up within {} s", MOST_WAIT.as_secs())
        }
        _ => Ok(bytes),
    }
}

/// Asks again until it is so.
pub fn until(what: &str, mut ask: impl FnMut() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !ask()? {
        ensure!(
            start.elapsed() < MOST_WAIT,
            "not within {} s: {what}",
            MOST_WAIT.as_secs()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// A port that nobody listens on.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
