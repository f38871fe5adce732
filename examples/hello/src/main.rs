//! A small HTTP server: the example that README.md builds an image of.
//!
//! Listens on the port given as the only argument, 8080 by default, and answers every request with a greeting. It
//! stops on SIGTERM, which `docker stop` sends: as the container's first process it would not by default.

use axum::Router;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const GREETING: &str = "Hello from rules_strata\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).unwrap_or_else(|| "8080".to_owned());
    let listener = TcpListener::bind(format!("0.0.0.0:{port}")).await?;
    let mut stop = signal(SignalKind::terminate())?;
    let app = Router::new().fallback(|| async { GREETING });
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            stop.recv().await;
        })
        .await
}
