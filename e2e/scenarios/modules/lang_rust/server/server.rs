//! Answers every request with a greeting, what $TITLE says, and the file that its argument names.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

const HELLO: &str = "Hello from Rust";

fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::var("PORT")?.parse()?;
    for stream in TcpListener::bind(("127.0.0.1", port))?.incoming() {
        if let Err(error) = answer(stream?) {
            eprintln!("{error}");
        }
    }
    Ok(())
}

fn answer(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("no file is named")?;
    let title = std::env::var("TITLE").unwrap_or_default();
    let body = format!("{HELLO}\n{}{title}\n{}", greeting::text()?, std::fs::read_to_string(file)?);
    for line in BufReader::new(stream.try_clone()?).lines() {
        if line?.is_empty() {
            break;
        }
    }
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
    Ok(())
}
