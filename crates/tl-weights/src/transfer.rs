//! The transfer of a file's bytes: one attempt.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::{Agent, Body};

use crate::address::{check, is_loopback, redirected};
use crate::partial_download::{DownloadSource, PartialDownload, ResumePoint};
use crate::{Download, Event, Fault, FetchConfig};

/// Maximum number of redirects: browsers follow 20; the publishers of weights need two.
const REDIRECTS: usize = 10;

/// Gets what is missing of `url` into `part`. True if it went on where an earlier attempt had stopped.
pub(crate) fn transfer(
    url: &str,
    download: &Download,
    config: &FetchConfig,
    part: &PartialDownload,
    watch: &dyn Fn(Event),
) -> Result<bool, Fault> {
    let resume = part.resume(url);
    if resume.as_ref().is_some_and(|resume| resume.complete) {
        return Ok(true);
    }
    let mut response = request(url, resume.as_ref(), config)?;
    let start = start(&response, resume.as_ref(), part)?;
    let total = content_length(response.headers()).map(|rest| rest.saturating_add(start));
    announced(total, download)?;
    let file = if start > 0 {
        part.append()?
    } else {
        part.create(&DownloadSource { url: url.to_owned(), validator: validator(response.headers()), total })?
    };
    let stream = Stream { file, part, total, limit: download.limit, config, watch };
    stream.receive(start, &mut response.body_mut().as_reader())?;
    Ok(start > 0)
}

fn request(url: &str, resume: Option<&ResumePoint>, config: &FetchConfig) -> Result<Response<Body>, Fault> {
    let mut at = check(url)?;
    for _ in 0..=REDIRECTS {
        let response = get(&at, resume, config)?;
        let location =
            response.headers().get(header::LOCATION).filter(|_| response.status().is_redirection());
        let Some(location) = location else { return Ok(response) };
        at = redirected(&at, &String::from_utf8_lossy(location.as_bytes()))?;
    }
    Err(Fault::Redirect { to: at.to_string(), why: "there were too many before it" })
}

fn get(uri: &Uri, resume: Option<&ResumePoint>, config: &FetchConfig) -> Result<Response<Body>, Fault> {
    let mut settings = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("tl/", env!("CARGO_PKG_VERSION")))
        .accept_encoding("identity")
        .timeout_resolve(Some(config.connect))
        .timeout_connect(Some(config.connect))
        .timeout_send_request(Some(config.stall))
        .timeout_recv_response(Some(config.stall))
        .timeout_per_read(Some(config.stall));
    if is_loopback(uri) {
        settings = settings.proxy(None);
    }
    let mut request = Agent::new_with_config(settings.build()).get(uri);
    if let Some(resume) = resume {
        let range = format!("bytes={}-", resume.at);
        request = request.header(header::RANGE, range).header(header::IF_RANGE, &resume.validator);
    }
    let received = resume.map_or(0, |resume| resume.at);
    request.call().map_err(|error| unanswered(error, received, config.stall))
}

/// What an error before the answer means: unless a connection was lost, there was none.
fn unanswered(error: ureq::Error, received: u64, stall: Duration) -> Fault {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, TimedOut, UnexpectedEof,
    };
    const LOST: [io::ErrorKind; 6] =
        [BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, TimedOut, UnexpectedEof];
    match error {
        // A failed look-up of the name has no kind of its own.
        ureq::Error::Io(error)
            if error.get_ref().is_none_or(|inner| !inner.is::<ureq::Error>())
                && !LOST.contains(&error.kind()) =>
        {
            Fault::Connect { detail: error.to_string() }
        }
        error => lost(error, received, stall),
    }
}

/// The position of the response's first byte in the file.
fn start(
    response: &Response<Body>,
    resume: Option<&ResumePoint>,
    part: &PartialDownload,
) -> Result<u64, Fault> {
    let headers = response.headers();
    match (response.status().as_u16(), resume) {
        (200, _) => Ok(0),
        (206, Some(resume)) if continues(headers, resume) => Ok(resume.at),
        // What is here is not the beginning of what is there.
        (206 | 416, _) => {
            let received = part.len();
            part.discard()?;
            let detail = "the server's file has changed".to_owned();
            Err(Fault::Broken { received, detail })
        }
        (status, _) => Err(Fault::Status { status, retry_after: retry_after(headers) }),
    }
}

fn continues(headers: &HeaderMap, resume: &ResumePoint) -> bool {
    let range = text(headers, header::CONTENT_RANGE).unwrap_or_default();
    let first = range.strip_prefix("bytes ").and_then(|range| range.split_once('-')).map(|(first, _)| first);
    let same = validator(headers).is_none_or(|validator| validator == resume.validator);
    same && first.and_then(|first| first.parse().ok()) == Some(resume.at)
}

/// Judges the length a server announces before anything is written.
fn announced(total: Option<u64>, download: &Download) -> Result<(), Fault> {
    match (total, download.length) {
        (Some(actual), Some(expected)) if actual != expected => Err(Fault::Length { expected, actual }),
        (Some(actual), _) if actual > download.limit => Err(Fault::TooLong { limit: download.limit }),
        _ => Ok(()),
    }
}

/// Bytes on their way into a file.
struct Stream<'a> {
    file: File,
    part: &'a PartialDownload,
    total: Option<u64>,
    limit: u64,
    config: &'a FetchConfig,
    watch: &'a dyn Fn(Event),
}

impl Stream<'_> {
    fn receive(mut self, start: u64, body: &mut dyn Read) -> Result<(), Fault> {
        let mut done = start;
        let mut pace = TransferRate { since: Instant::now(), bytes: 0 };
        let mut buffer = vec![0; 1 << 16];
        (self.watch)(Event::Received { done, total: self.total });
        loop {
            let count =
                body.read(&mut buffer).map_err(|error| lost(error.into(), done, self.config.stall))?;
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            done += count as u64;
            if done > self.limit {
                self.part.discard()?;
                return Err(Fault::TooLong { limit: self.limit });
            }
            self.file.write_all(bytes).map_err(|error| Fault::disk(&self.part.bytes, error))?;
            (self.watch)(Event::Received { done, total: self.total });
            pace.keep(count as u64, self.config)?;
        }
        match self.total {
            Some(total) if done < total => {
                Err(Fault::Broken { received: done, detail: format!("{total} were announced") })
            }
            _ => Ok(()),
        }
    }
}

/// The bytes that came lately: a server that drips is as good as one that stands still.
struct TransferRate {
    since: Instant,
    bytes: u64,
}

impl TransferRate {
    fn keep(&mut self, count: u64, config: &FetchConfig) -> Result<(), Fault> {
        self.bytes += count;
        if self.since.elapsed() < config.stall {
            return Ok(());
        }
        if self.bytes < config.floor {
            return Err(Fault::Stall { waited: config.stall });
        }
        *self = Self { since: Instant::now(), bytes: 0 };
        Ok(())
    }
}

/// What an error of the network means after `received` bytes.
fn lost(error: ureq::Error, received: u64, stall: Duration) -> Fault {
    use ureq::{Error, Timeout};
    match error {
        Error::Timeout(Timeout::Resolve | Timeout::Connect)
        | Error::HostNotFound
        | Error::ConnectionFailed => Fault::Connect { detail: error.to_string() },
        Error::Timeout(_) => Fault::Stall { waited: stall },
        Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Error>()) => {
            match error.into_inner().and_then(|inner| inner.downcast::<Error>().ok()) {
                Some(inner) => lost(*inner, received, stall),
                None => Fault::Broken { received, detail: String::new() },
            }
        }
        error => Fault::Broken { received, detail: error.to_string() },
    }
}

/// What names this version of the file: a strong ETag, else the date. A weak ETag does not promise equal bytes
/// (RFC 9110, 13.1.5).
fn validator(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, header::ETAG).filter(|etag| !etag.starts_with("W/"));
    etag.or_else(|| text(headers, header::LAST_MODIFIED)).map(str::to_owned)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, header::CONTENT_LENGTH)?.parse().ok()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    Some(Duration::from_secs(text(headers, header::RETRY_AFTER)?.parse().ok()?))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Other, UnexpectedEof};

    #[test]
    fn before_the_answer_only_a_lost_connection_is_a_broken_transfer() {
        let cases = [
            // What the standard library says when a name cannot be looked up.
            (io::Error::other("failed to lookup address information"), Other, true),
            (ConnectionRefused.into(), ConnectionRefused, true),
            (HostUnreachable.into(), HostUnreachable, true),
            (ConnectionReset.into(), ConnectionReset, false),
            (UnexpectedEof.into(), UnexpectedEof, false),
        ];
        for (error, kind, nobody) in cases {
            let fault = unanswered(ureq::Error::Io(error), 0, Duration::from_secs(1));
            assert_eq!(matches!(fault, Fault::Connect { .. }), nobody, "{kind:?}: {fault:?}");
        }
    }
}
