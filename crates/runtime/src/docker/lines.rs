//! Answers that come in lines, one JSON document each, as pulls and loads have them.

use futures_util::StreamExt;
use reqwest::Response;

use super::connect::Docker;
use super::error::Error;

/// The longest line that is taken from a daemon. Docker's are under 400 bytes.
const LONGEST_LINE: usize = 1 << 20;

impl Docker {
    /// Hands each line of an answer to `take`, until that fails or the answer ends.
    pub(crate) async fn each_line(
        &self,
        operation: &str,
        response: Response,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut stream = response.bytes_stream();
        let mut lines = Lines::default();
        while let Some(chunk) = stream.next().await {
            lines.push(&chunk.map_err(|source| self.connection(operation, source))?);
            while let Some(line) = lines.next_line() {
                take(&line)?;
            }
            if lines.pending() > LONGEST_LINE {
                return Err(self.malformed(operation, format!("a line of more than {LONGEST_LINE} bytes")));
            }
        }
        lines.rest().map_or(Ok(()), |line| take(&line))
    }
}

/// Cuts a stream of chunks into lines; blank ones are left out.
#[derive(Default)]
struct Lines {
    buffer: Vec<u8>,
    /// Up to here no line ends, so a long line is searched once.
    searched: usize,
}

impl Lines {
    fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    fn next_line(&mut self) -> Option<Vec<u8>> {
        while let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.buffer.drain(..=self.searched + at).collect();
            self.searched = 0;
            let line = line.trim_ascii();
            if !line.is_empty() {
                return Some(line.to_vec());
            }
        }
        self.searched = self.buffer.len();
        None
    }

    /// Bytes of a line that has not ended.
    fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// The last line, if it has no end.
    fn rest(self) -> Option<Vec<u8>> {
        Some(self.buffer.trim_ascii().to_vec()).filter(|line| !line.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_stream_is_cut() {
        let stream = b"{\"a\":1}\r\n\r\n{\"b\":2}\n{\"c\":3}";
        for size in 1..=stream.len() {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for chunk in stream.chunks(size) {
                lines.push(chunk);
                while let Some(line) = lines.next_line() {
                    found.push(line);
                }
            }
            found.extend(lines.rest());
            assert_eq!(found, [&b"{\"a\":1}"[..], b"{\"b\":2}", b"{\"c\":3}"], "chunks of {size}");
        }
    }
}
