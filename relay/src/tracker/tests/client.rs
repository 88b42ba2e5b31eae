//! A client of the tracker: a WebSocket of its own, so that bad frames can be sent too.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Relay, announcement};

/// A client's socket.
pub struct Socket {
    stream: TcpStream,
    read: Vec<u8>,
}

/// What the tracker sent.
#[derive(Debug)]
pub enum Said {
    Text(String),
    Close(u16, String),
    End,
}

impl Relay {
    pub fn connect(&self) -> Socket {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
            .write_all(
                b"GET /announce HTTP/1.1\r\nHost: x\r\nOrigin: https://elsewhere\r\n\
                  Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            )
            .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        // The example of RFC 6455.
        assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
        let read = Vec::new();
        Socket { stream, read }
    }
}

impl Socket {
    pub fn send(&mut self, text: &str) {
        self.send_frame(0x81, text.as_bytes());
    }

    pub fn send_frame(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match payload.len() {
            length @ ..126 => frame.push(0x80 | length as u8),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        // A mask of zeros changes nothing.
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        self.stream.write_all(&frame).unwrap();
    }

    pub fn fill(&mut self, count: usize) -> bool {
        while self.read.len() < count {
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return false,
                Ok(count) => self.read.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return false,
                Err(error) => panic!("{error}"),
            }
        }
        true
    }

    pub fn receive(&mut self) -> Said {
        if !self.fill(2) {
            return Said::End;
        }
        let (head, length) = match self.read[1] {
            126 => {
                self.fill(4);
                (
                    4,
                    usize::from(u16::from_be_bytes([self.read[2], self.read[3]])),
                )
            }
            127 => panic!("no message is that long"),
            length => (2, usize::from(length)),
        };
        assert!(self.fill(head + length));
        let payload = self.read[head..head + length].to_vec();
        let opcode = self.read[0];
        self.read.drain(..head + length);
        match opcode {
            0x81 => Said::Text(String::from_utf8(payload).unwrap()),
            0x8a => Said::Text(format!("pong {}", String::from_utf8(payload).unwrap())),
            0x88 => Said::Close(
                u16::from_be_bytes([payload[0], payload[1]]),
                String::from_utf8(payload[2..].to_vec()).unwrap(),
            ),
            other => panic!("{other:#x}"),
        }
    }

    /// The next message.
    pub fn json(&mut self) -> Value {
        match self.receive() {
            Said::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Everything that the tracker has said so far: it answers a scrape after it.
    pub fn all(&mut self) -> Vec<Value> {
        self.send(&json!({ "action": "scrape", "info_hash": "z".repeat(20) }).to_string());
        let mut all = Vec::new();
        loop {
            let next = self.json();
            if next["action"] == "scrape" && next["files"].get("z".repeat(20)).is_some() {
                return all;
            }
            all.push(next);
        }
    }

    pub fn announce(&mut self, peer: char, fields: Value) -> Vec<Value> {
        self.send(&announcement(peer, fields));
        self.all()
    }
}
