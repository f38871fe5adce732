//! An HTTP proxy for tests, on loopback: it remembers what it was asked for and leads every way to one server.
//!
//! Names that nobody knows can be asked through it, so a test sees that a request went through the proxy and nowhere
//! else.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A running proxy. Its threads end with the process.
#[derive(Debug)]
pub struct FakeProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeProxy {
    /// Starts a proxy that leads to `upstream`, `host:port`, whatever host it is asked for.
    ///
    /// # Panics
    /// If loopback can't be listened on.
    #[must_use]
    pub fn to(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (seen, upstream) = (Arc::clone(&asked), upstream.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (seen, upstream) = (Arc::clone(&seen), upstream.clone());
                // A connection that breaks is the client's to notice.
                thread::spawn(move || drop(serve(client, &upstream, &seen)));
            }
        });
        Self { address, asked }
    }

    /// Its URL, as `HTTP_PROXY` and `HTTPS_PROXY` name it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked for: method and target of each request, such as `CONNECT r.example:443`.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One connection: one request, or a tunnel.
fn serve(mut client: TcpStream, upstream: &str, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let (line, rest) = head.split_once("\r\n").unwrap_or((&head, ""));
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {target}"));
    let mut server = TcpStream::connect(upstream)?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        let path = target.splitn(4, '/').nth(3).unwrap_or_default();
        let rest = rest.to_owned();
        // One request a connection, so that each is seen here.
        write!(server, "{method} /{path} HTTP/1.1\r\nconnection: close\r\n{rest}")?;
    }
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
