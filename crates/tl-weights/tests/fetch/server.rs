//! A web server on 127.0.0.1 that behaves as badly as it is told to.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What a client asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// How many came before it.
    pub(crate) number: usize,
    pub(crate) path: String,
    /// The first byte of its `Range`, 0 without one.
    pub(crate) from: usize,
    pub(crate) if_range: Option<String>,
}

type Answer = dyn Fn(&Ask, &mut TcpStream) -> io::Result<()> + Send + Sync;

pub(crate) struct Server {
    address: SocketAddr,
    asks: Arc<Mutex<Vec<Ask>>>,
    closed: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(
        answer: impl Fn(&Ask, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asks, closed) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let server = Self { address, asks: Arc::clone(&asks), closed: Arc::clone(&closed) };
        let answer: Arc<Answer> = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(Ordering::SeqCst) {
                    break;
                }
                let (Ok(stream), asks, answer) = (stream, Arc::clone(&asks), Arc::clone(&answer)) else {
                    continue;
                };
                // A client that goes away in the middle is no concern of the server's.
                thread::spawn(move || drop(serve(stream, &asks, &*answer)));
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn asks(&self) -> Vec<Ask> {
        self.asks.lock().unwrap().clone()
    }

    /// The first bytes of the ranges asked for, in order.
    pub(crate) fn starts(&self) -> Vec<usize> {
        self.asks().iter().map(|ask| ask.from).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn serve(mut stream: TcpStream, asks: &Mutex<Vec<Ask>>, answer: &Answer) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut ask = Ask { number: 0, path: String::new(), from: 0, if_range: None };
    for (index, line) in BufReader::new(stream.try_clone()?).lines().take(50).enumerate() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if index == 0 {
            line.split(' ').nth(1).unwrap_or_default().clone_into(&mut ask.path);
        }
        match line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value)) {
            Some((name, value)) if name == "range" => {
                ask.from = value.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap();
            }
            Some((name, value)) if name == "if-range" => ask.if_range = Some(value.to_owned()),
            _ => {}
        }
    }
    {
        let mut asks = asks.lock().unwrap();
        ask.number = asks.len();
        asks.push(ask.clone());
    }
    answer(&ask, &mut stream)
}

/// The head of a response.
pub(crate) fn head(stream: &mut TcpStream, status: &str, headers: &str) -> io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n")
}

/// The head of an honest response to `ask` for `file`, which has the ETag `etag`; the bytes that belong after it.
pub(crate) fn honest<'a>(
    stream: &mut TcpStream,
    ask: &Ask,
    file: &'a [u8],
    etag: &str,
) -> io::Result<&'a [u8]> {
    let resumed = ask.from > 0 && ask.from < file.len() && ask.if_range.as_deref() == Some(etag);
    let from = if resumed { ask.from } else { 0 };
    let mut headers = format!("ETag: {etag}\r\nContent-Length: {}\r\n", file.len() - from);
    if resumed {
        headers += &format!("Content-Range: bytes {from}-{}/{}\r\n", file.len() - 1, file.len());
    }
    head(stream, if resumed { "206 Partial Content" } else { "200 OK" }, &headers)?;
    Ok(&file[from..])
}
