//! A STUN responder (RFC 8489, binding requests only): tells a listener under which address the
//! world sees it, so that listeners behind routers find each other without a third party.
//!
//! An answer is barely longer than its question, and an address gets few of them, so that a forged
//! sender gains nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stun_types::attribute::{Attribute as _, XorMappedAddress};
use stun_types::message::{
    BINDING, Message, MessageClass, MessageWrite as _, MessageWriteExt as _, MessageWriteVec,
};
use tokio::net::UdpSocket;
use tokio::time::Instant;

use crate::edge::buckets::{Buckets, Pace};
use crate::metrics::StunMetrics;

/// Most answers to an address in a second: a page gathers candidates for several connections at
/// once, and a household shares an address.
const MOST_A_SECOND: u32 = 100;
/// Longest request that is read.
const MOST_REQUEST: usize = 548;

/// Starts answering; returns the address with the port that it got.
///
/// # Errors
/// The address cannot be used.
pub async fn start(address: SocketAddr, metrics: StunMetrics) -> io::Result<SocketAddr> {
    let socket = Arc::new(UdpSocket::bind(address).await?);
    let address = socket.local_addr()?;
    tokio::spawn(serve(socket, metrics));
    tracing::info!(%address, "STUN");
    Ok(address)
}

async fn serve(socket: Arc<UdpSocket>, metrics: StunMetrics) {
    let mut buffer = [0; MOST_REQUEST];
    let mut buckets = Buckets::new(Pace::new(MOST_A_SECOND, MOST_A_SECOND));
    let start = Instant::now();
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((count, from)) => {
                let now = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                // This machine's as well: what is sent may be forged.
                if buckets.take(from.ip().to_canonical(), now).is_err() {
                    metrics.limited.inc();
                } else if let Some(answer) = answer(&buffer[..count], from) {
                    metrics.answered.inc();
                    // A datagram may be lost anyway; who asked asks again.
                    let _ = socket.send_to(&answer, from).await;
                } else {
                    metrics.ignored.inc();
                }
            }
            // Of some systems: an earlier answer could not be delivered.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {}
            Err(error) => {
                tracing::warn!(%error, "receiving STUN requests");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The answer to a request from an address; none where it is no binding request.
fn answer(request: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let message = Message::from_bytes(request).ok()?;
    if !message.has_class(MessageClass::Request) || !message.has_method(BINDING) {
        return None;
    }
    // What has to be understood and is not means another service than this.
    let mut attributes = message.iter_attributes();
    if attributes.any(|(_, attribute)| attribute.get_type().comprehension_required()) {
        return None;
    }
    let mut answer = Message::builder_success(&message, MessageWriteVec::new());
    // A socket of both families sees addresses of version 4 as parts of version 6.
    let from = SocketAddr::new(from.ip().to_canonical(), from.port());
    let mapped = XorMappedAddress::new(from, message.transaction_id());
    answer.add_attribute(&mapped).ok()?;
    Some(answer.finish())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stun_types::attribute::{Software, Username};

    use super::*;
    use crate::metrics::Metrics;

    fn request() -> MessageWriteVec {
        Message::builder_request(BINDING, MessageWriteVec::new())
    }

    #[tokio::test]
    async fn a_listener_is_told_its_address() {
        let metrics = Metrics::new(false).stun;
        let address = "127.0.0.1:0".parse().unwrap();
        let address = start(address, metrics.clone()).await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut question = request();
        question
            .add_attribute(&Software::new("listener").unwrap())
            .unwrap();
        let question = question.finish();
        socket.send_to(&question, address).await.unwrap();
        let mut buffer = [0; 1_000];
        let count = socket.recv(&mut buffer).await.unwrap();
        let answer = Message::from_bytes(&buffer[..count]).unwrap();
        let asked = Message::from_bytes(&question).unwrap().transaction_id();
        assert_eq!(answer.transaction_id(), asked);
        assert!(answer.has_class(MessageClass::Success));
        let mapped = answer.attribute::<XorMappedAddress>().unwrap();
        assert_eq!(mapped.addr(asked), socket.local_addr().unwrap());
        assert_eq!((metrics.answered.get(), metrics.ignored.get()), (1, 0));
    }

    #[test]
    fn other_questions_get_no_answer() {
        let from = "203.0.113.9:1000".parse().unwrap();
        assert!(answer(b"hello", from).is_none());
        let indication = Message::builder_indication(BINDING, MessageWriteVec::new());
        assert!(answer(&indication.finish(), from).is_none());
        let mut unknown = request();
        unknown
            .add_attribute(&Username::new("user").unwrap())
            .unwrap();
        assert!(answer(&unknown.finish(), from).is_none());
    }

    #[test]
    fn addresses_of_version_4_are_told_as_such() {
        let question = request().finish();
        let told = answer(&question, "[::ffff:203.0.113.9]:1000".parse().unwrap()).unwrap();
        let told = Message::from_bytes(&told).unwrap();
        let mapped = told.attribute::<XorMappedAddress>().unwrap();
        let expected: SocketAddr = "203.0.113.9:1000".parse().unwrap();
        assert_eq!(mapped.addr(told.transaction_id()), expected);
        assert!(told.as_bytes().len() <= question.len() + 12);
    }

    #[tokio::test]
    async fn an_address_gets_few_answers_at_once() {
        let metrics = Metrics::new(false).stun;
        let address = "127.0.0.1:0".parse().unwrap();
        let address = start(address, metrics.clone()).await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let question = request().finish();
        while metrics.limited.get() == 0 {
            socket.send_to(&question, address).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(metrics.answered.get() >= u64::from(MOST_A_SECOND));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_or_passed_over(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let from = "203.0.113.9:1000".parse().unwrap();
            let _ = answer(&bytes, from);
            let mut question = request().finish();
            question.extend(&bytes);
            let length = (bytes.len() as u16).to_be_bytes();
            question[2..4].copy_from_slice(&length);
            let _ = answer(&question, from);
        }
    }
}
