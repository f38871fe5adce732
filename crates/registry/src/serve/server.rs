//! An HTTP server whose life is that of a value.
//!
//! Invariant: everything that the server spawned lives in a runtime of its own, so dropping it closes the listener
//! and cuts every connection, whatever the rest of the program does.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use tokio::runtime::{Builder, Runtime};

/// Threads that serve: reading files is done elsewhere, so this bounds hashing and copying only.
const THREADS: usize = 2;

/// A running server on 127.0.0.1.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves `router` on `port`; 0 takes a free one.
    pub(super) fn start(port: u16, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime =
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("serve").enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        // axum's server returns only when told to, and nobody tells it: it ends with its runtime.
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, runtime: Some(runtime) })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waiting for blocked file reads: a runtime must not be waited for inside another.
            runtime.shutdown_background();
        }
    }
}
