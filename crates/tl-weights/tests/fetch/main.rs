//! Fetching from servers that misbehave: a named error in time, and nothing wrong in the cache.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

#[cfg(unix)]
mod package;
mod server;

use server::{Ask, Server, head, honest};
use std::cell::{Cell, RefCell};
use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tl_weights::{Download, Event, Fault, FetchConfig, FetchError, Sha256, fetch, import};

const ETAG: &str = "\"one\"";
const LIMIT: u64 = 1 << 20;
/// What a slow machine may add to a timeout.
const SLACK: Duration = Duration::from_secs(5);

/// Bytes without a period that a wrong offset could hide in.
fn file(length: u32) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn sha256_of(bytes: &[u8]) -> Sha256 {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(bytes);
    Sha256::of(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().leak())
}

fn impatient() -> FetchConfig {
    FetchConfig {
        connect: Duration::from_secs(2),
        stall: Duration::from_secs(5),
        floor: 1000,
        attempts: 3,
        backoff: Duration::from_millis(10),
        patience: Duration::from_secs(1),
        ..FetchConfig::default()
    }
}

/// A cache with room for one file.
struct Place {
    folder: tempfile::TempDir,
    expected: Vec<u8>,
    sha256: Sha256,
    length: Option<u64>,
}

impl Place {
    fn new(expected: Vec<u8>) -> Self {
        let sha256 = sha256_of(&expected);
        Self { folder: tempfile::tempdir().unwrap(), expected, sha256, length: None }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("weights").join("net.pth")
    }

    fn part(&self) -> u64 {
        fs::metadata(self.folder.path().join("weights/net.pth.part")).map_or(0, |meta| meta.len())
    }

    fn with<T>(&self, urls: &[&str], act: impl FnOnce(&Download) -> T) -> T {
        let path = self.path();
        let (sha256, length) = (self.sha256, self.length);
        act(&Download { name: "net.tv_in1k", urls, path: &path, sha256, length, limit: LIMIT })
    }

    fn fetch(&self, url: &str, config: &FetchConfig) -> Result<(), FetchError> {
        self.with(&[url], |download| fetch(download, config, &|_| {}))
    }

    fn fault(&self, url: &str, config: &FetchConfig) -> Fault {
        let begun = Instant::now();
        let fault = self.fetch(url, config).unwrap_err().fault;
        let allowed = (config.connect + config.stall * 2 + config.patience) * config.attempts + SLACK;
        assert!(begun.elapsed() < allowed, "{fault} after {:?}", begun.elapsed());
        assert!(!self.path().exists(), "a file was left after: {fault}");
        fault
    }

    fn holds_the_file(&self) {
        assert!(fs::read(self.path()).unwrap() == self.expected);
        let mut left: Vec<_> = fs::read_dir(self.path().parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert!(left == ["net.pth", "net.pth.lock"] || left == ["net.pth"], "{left:?}");
    }
}

/// Serves `bytes` as they should be served.
fn good(bytes: Vec<u8>) -> impl Fn(&Ask, &mut TcpStream) -> io::Result<()> + Send + Sync {
    move |ask, stream| honest(stream, ask, &bytes, ETAG).and_then(|rest| stream.write_all(rest))
}

#[test]
fn a_file_is_fetched_once_and_then_there() {
    let place = Place::new(file(300_000));
    let server = Server::start(good(place.expected.clone()));
    let seen = RefCell::new(Vec::new());
    let watch = |event: Event| {
        if let Event::Received { done, total } = event {
            seen.borrow_mut().push((done, total));
        }
    };
    for _ in 0..2 {
        place.with(&[&server.url("/net.pth")], |d| fetch(d, &impatient(), &watch)).unwrap();
    }
    place.holds_the_file();
    assert_eq!(server.asks().len(), 1);
    assert!(seen.borrow().is_sorted());
    assert_eq!(seen.borrow().last(), Some(&(300_000, Some(300_000))));
}

#[test]
fn errors_of_the_server_are_named_and_only_passing_ones_tried_again() {
    for (status, asked) in [(404, 1), (403, 1), (429, 3), (500, 3), (503, 3)] {
        let server = Server::start(move |_, stream| head(stream, &format!("{status} No"), ""));
        let place = Place::new(file(10));
        let fault = place.fault(&server.url("/net.pth"), &impatient());
        assert_eq!(fault, Fault::Status { status, retry_after: None });
        assert_eq!(server.asks().len(), asked, "{status}");
    }
}

#[test]
fn a_server_that_recovers_is_forgiven_after_the_pause_it_asks_for() {
    let place = Place::new(file(1000));
    let serve = good(place.expected.clone());
    let server = Server::start(move |ask, stream| match ask.number {
        0 => head(stream, "429 Too Many Requests", "Retry-After: 1\r\n"),
        1 => head(stream, "500 Oops", ""),
        _ => serve(ask, stream),
    });
    let begun = Instant::now();
    place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    place.holds_the_file();
}

#[test]
fn a_pause_beyond_patience_is_an_error_at_once() {
    let server = Server::start(|_, stream| head(stream, "503 Later", "Retry-After: 3600\r\n"));
    let fault = Place::new(file(10)).fault(&server.url("/net.pth"), &impatient());
    assert_eq!(fault, Fault::Status { status: 503, retry_after: Some(Duration::from_secs(3600)) });
    assert_eq!(server.asks().len(), 1);
}

#[test]
fn servers_that_stand_still_or_drip_are_given_up() {
    type Dawdle = fn(&Ask, &mut TcpStream) -> io::Result<()>;
    let cases: [(&str, Dawdle); 3] = [
        ("before the head", |_, _| {
            thread::sleep(Duration::from_secs(3));
            Ok(())
        }),
        ("in the body", |_, stream| {
            head(stream, "200 OK", "Content-Length: 100000\r\n")?;
            stream.write_all(&[1; 1000])?;
            thread::sleep(Duration::from_secs(3));
            Ok(())
        }),
        ("a byte at a time", |_, stream| {
            head(stream, "200 OK", "Content-Length: 100000\r\n")?;
            for _ in 0..60 {
                stream.write_all(&[1])?;
                thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }),
    ];
    let config = FetchConfig { stall: Duration::from_millis(300), ..impatient() };
    for (case, dawdle) in cases {
        let server = Server::start(dawdle);
        let fault = Place::new(file(100_000)).fault(&server.url("/net.pth"), &config);
        assert_eq!(fault, Fault::Stall { waited: config.stall }, "{case}");
    }
}

#[test]
fn nobody_at_the_address_is_no_connection() {
    let address = Server::start(|_, _| Ok(())).url("/net.pth");
    // The server is gone by now, and nobody else has the port yet.
    thread::sleep(Duration::from_millis(100));
    let fault = Place::new(file(10)).fault(&address, &impatient());
    assert!(matches!(fault, Fault::Connect { .. }), "{fault:?}");
}

#[test]
fn what_breaks_off_goes_on_at_the_right_byte() {
    let place = Place::new(file(500_000));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        let rest = honest(stream, ask, &bytes, ETAG)?;
        stream.write_all(&rest[..rest.len().min(200_000)])
    });
    place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
    place.holds_the_file();
    assert_eq!(server.starts(), [0, 200_000, 400_000]);
}

#[test]
fn what_always_breaks_off_ends_and_is_kept_for_the_next_time() {
    let place = Place::new(file(500_000));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        let rest = honest(stream, ask, &bytes, ETAG)?;
        stream.write_all(&rest[..1000])
    });
    let fault = place.fault(&server.url("/net.pth"), &impatient());
    assert!(matches!(fault, Fault::Broken { received: 3000, .. }), "{fault:?}");
    assert_eq!((server.starts(), place.part()), (vec![0, 1000, 2000], 3000));
}

#[test]
fn a_server_that_ignores_ranges_or_has_another_version_begins_anew() {
    // (what the second answer does, the ETag it carries)
    for (ignores, second) in [(true, ETAG), (false, "\"two\"")] {
        let place = Place::new(file(300_000));
        let bytes = place.expected.clone();
        let server = Server::start(move |ask, stream| {
            if ask.number == 0 {
                let other = vec![9; 300_000];
                let rest = honest(stream, ask, if ignores { &bytes } else { &other }, ETAG)?;
                return stream.write_all(&rest[..100_000]);
            }
            let ask = Ask { from: if ignores { 0 } else { ask.from }, ..ask.clone() };
            honest(stream, &ask, &bytes, second).and_then(|rest| stream.write_all(rest))
        });
        place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
        place.holds_the_file();
        assert_eq!(server.starts(), [0, 100_000]);
        assert_eq!(server.asks()[1].if_range.as_deref(), Some(ETAG));
    }
}

#[test]
fn a_server_that_continues_another_version_or_elsewhere_is_caught() {
    let cases =
        [("\"two\"", "bytes 100000-299999/300000"), (ETAG, "bytes 0-299999/300000"), (ETAG, "lines 1-2")];
    for (etag, range) in cases {
        let mut place = Place::new(file(300_000));
        // So that no hash comes to the rescue.
        place.sha256 = Sha256::Unpublished;
        let bytes = place.expected.clone();
        let server = Server::start(move |ask, stream| match ask.number {
            0 => {
                let rest = honest(stream, ask, &bytes, ETAG)?;
                stream.write_all(&rest[..100_000])
            }
            1 => {
                let headers = format!("ETag: {etag}\r\nContent-Range: {range}\r\nContent-Length: 200000\r\n");
                head(stream, "206 Partial Content", &headers)?;
                stream.write_all(&[7; 200_000])
            }
            _ => honest(stream, ask, &bytes, ETAG).and_then(|rest| stream.write_all(rest)),
        });
        place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
        place.holds_the_file();
        assert_eq!(server.starts(), [0, 100_000, 0], "{range}");
    }
}

#[test]
fn without_a_validator_nothing_is_continued() {
    let place = Place::new(file(300_000));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        head(stream, "200 OK", "ETag: W/\"weak\"\r\nContent-Length: 300000\r\n")?;
        stream.write_all(&bytes[..if ask.number == 0 { 100_000 } else { 300_000 }])
    });
    place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
    place.holds_the_file();
    assert_eq!(server.starts(), [0, 0]);
}

#[test]
fn a_beginning_that_was_damaged_on_disk_is_fetched_again() {
    let place = Place::new(file(300_000));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        let rest = honest(stream, ask, &bytes, ETAG)?;
        stream.write_all(&rest[..if ask.number == 0 { 100_000 } else { rest.len() }])
    });
    let once = FetchConfig { attempts: 1, ..impatient() };
    place.fault(&server.url("/net.pth"), &once);
    let part = place.folder.path().join("weights/net.pth.part");
    let mut damaged = fs::read(&part).unwrap();
    damaged[5000] ^= 1;
    fs::write(&part, damaged).unwrap();
    place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
    place.holds_the_file();
    assert_eq!(server.starts(), [0, 100_000, 0]);
}

#[test]
fn wrong_bytes_are_refused_by_the_full_hash_and_by_a_prefix() {
    let server = Server::start(good(file(1001)));
    let mut place = Place::new(file(1000));
    for digits in [64, 8] {
        place.sha256 = Sha256::of(&place.sha256.digits()[..digits]);
        let fault = place.fault(&server.url("/net.pth"), &impatient());
        assert!(matches!(fault, Fault::Checksum { .. }), "{fault:?}");
        assert_eq!(place.part(), 0);
    }
    assert_eq!(server.asks().len(), 2);
}

#[test]
fn wrong_lengths_are_refused() {
    let mut place = Place::new(file(1000));
    place.length = Some(1000);
    let long = Server::start(good(file(1001)));
    let fault = place.fault(&long.url("/net.pth"), &impatient());
    assert_eq!(fault, Fault::Length { expected: 1000, actual: 1001 });

    let unannounced = Server::start(|_, stream| {
        head(stream, "200 OK", "")?;
        stream.write_all(&file(1000)[..999])
    });
    let fault = place.fault(&unannounced.url("/net.pth"), &impatient());
    assert_eq!(fault, Fault::Length { expected: 1000, actual: 999 });
}

#[test]
fn a_server_that_lies_about_the_length_is_caught() {
    let place = Place::new(file(1000));
    let too_much = Server::start(|_, stream| {
        head(stream, "200 OK", "Content-Length: 2000\r\n")?;
        stream.write_all(&file(1000))
    });
    let fault = place.fault(&too_much.url("/net.pth"), &impatient());
    assert!(matches!(fault, Fault::Broken { received: 1000, .. }), "{fault:?}");

    let too_little = Server::start(|_, stream| {
        head(stream, "200 OK", "Content-Length: 500\r\n")?;
        stream.write_all(&file(1000))
    });
    let fault = place.fault(&too_little.url("/net.pth"), &impatient());
    assert!(matches!(fault, Fault::Checksum { .. }), "{fault:?}");
}

#[test]
fn what_never_ends_is_cut_off_at_the_limit() {
    let endless = Server::start(|_, stream| {
        head(stream, "200 OK", "")?;
        for _ in 0..10_000 {
            stream.write_all(&[0; 1 << 16])?;
        }
        Ok(())
    });
    let place = Place::new(file(10));
    let most = Cell::new(0);
    let watch = |event: Event| {
        if let Event::Received { done, .. } = event {
            most.set(done.max(most.get()));
        }
    };
    let error = place.with(&[&endless.url("/net.pth")], |d| fetch(d, &impatient(), &watch)).unwrap_err();
    assert_eq!((error.fault, place.part()), (Fault::TooLong { limit: LIMIT }, 0));
    assert!(most.get() <= LIMIT && !place.path().exists());

    let announced = Server::start(|_, stream| head(stream, "200 OK", "Content-Length: 9999999999\r\n"));
    let fault = place.fault(&announced.url("/net.pth"), &impatient());
    assert_eq!((fault, place.part()), (Fault::TooLong { limit: LIMIT }, 0));

    let headers = Server::start(|_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n")?;
        for _ in 0..1_000_000 {
            write!(stream, "X: y\r\n")?;
        }
        Ok(())
    });
    let fault = place.fault(&headers.url("/net.pth"), &impatient());
    assert!(matches!(fault, Fault::Broken { received: 0, .. }), "{fault:?}");
}

#[test]
fn redirects_are_followed_but_not_to_plain_http_nor_forever() {
    let place = Place::new(file(1000));
    let serve = good(place.expected.clone());
    let server = Server::start(move |ask, stream| match ask.path.as_str() {
        "/b/net.pth" => serve(ask, stream),
        "/a/net.pth" => head(stream, "302 Found", "Location: ../b/net.pth\r\nContent-Length: 0\r\n"),
        "/a/../b/net.pth" => head(stream, "307 Moved", "Location: /b/net.pth\r\nContent-Length: 0\r\n"),
        "/plain" => head(stream, "302 Found", "Location: http://192.0.2.1/net.pth\r\nContent-Length: 0\r\n"),
        _ => head(stream, "301 Moved", "Location: /loop\r\nContent-Length: 0\r\n"),
    });
    let refused = place.fault(&server.url("/plain"), &impatient());
    let to = "http://192.0.2.1/net.pth".to_owned();
    assert_eq!(refused, Fault::Redirect { to, why: "it is not https" });
    let refused = place.fault(&server.url("/loop"), &impatient());
    assert!(matches!(refused, Fault::Redirect { .. }), "{refused:?}");
    assert_eq!(place.fault("http://192.0.2.1/net.pth", &impatient()), Fault::Insecure);
    place.fetch(&server.url("/a/net.pth"), &impatient()).unwrap();
    place.holds_the_file();
}

#[test]
fn the_second_address_serves_where_the_first_fails() {
    let place = Place::new(file(1000));
    let serve = good(place.expected.clone());
    let server = Server::start(move |ask, stream| match ask.path.as_str() {
        "/second" => serve(ask, stream),
        _ => head(stream, "404 Not Found", ""),
    });
    let urls = [&*server.url("/first"), &*server.url("/second")];
    place.with(&urls, |d| fetch(d, &impatient(), &|_| {})).unwrap();
    place.holds_the_file();
}

#[test]
fn a_mirror_stands_in_for_the_publisher() {
    let place = Place::new(file(1000));
    let server = Server::start(good(place.expected.clone()));
    let config = FetchConfig { mirror: Some(server.url("/tl/")), ..impatient() };
    place.fetch("https://download.pytorch.org/models/net-1234.pth", &config).unwrap();
    place.holds_the_file();
    assert_eq!(server.asks()[0].path, "/tl/models/net-1234.pth");
}

#[test]
fn offline_says_which_file_to_put_where() {
    let place = Place::new(file(1000));
    let server = Server::start(good(place.expected.clone()));
    let config = FetchConfig { offline: true, ..impatient() };
    let error = place.fetch(&server.url("/net-1234.pth"), &config).unwrap_err();
    assert_eq!(error.fault, Fault::Offline);
    assert!(error.hint().contains(&server.url("/net-1234.pth")), "{}", error.hint());
    assert!(error.hint().contains(&place.path().display().to_string()), "{}", error.hint());
    assert_eq!(server.asks().len(), 0);
    place.fetch(&server.url("/net-1234.pth"), &impatient()).unwrap();
    place.fetch(&server.url("/net-1234.pth"), &config).unwrap();
}

#[test]
fn a_damaged_file_in_the_cache_is_replaced() {
    let place = Place::new(file(1000));
    let server = Server::start(good(place.expected.clone()));
    fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    fs::write(place.path(), b"damaged").unwrap();
    place.fetch(&server.url("/net.pth"), &impatient()).unwrap();
    place.holds_the_file();
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let place = Place::new(file(1000));
    fs::write(place.folder.path().join("weights"), b"a file where the folder should be").unwrap();
    let fault = place.fetch("https://a.invalid/net.pth", &impatient()).unwrap_err().fault;
    assert!(matches!(fault, Fault::Disk { .. }), "{fault:?}");
}

#[test]
fn a_users_own_file_is_taken_in_if_it_is_the_right_one() {
    let place = Place::new(file(1000));
    let own = place.folder.path().join("own");
    let import = || place.with(&["https://a.invalid/net.pth"], |d| import(d, &own));
    assert!(matches!(import().unwrap_err().fault, Fault::Disk { .. }));
    fs::write(&own, b"something else").unwrap();
    assert!(matches!(import().unwrap_err().fault, Fault::Checksum { .. }));
    assert!(!place.path().exists());
    fs::write(&own, &place.expected).unwrap();
    import().unwrap();
    place.holds_the_file();
    assert!(own.exists());
}

/// In a process that [`elsewhere`] started: fetches what it is told to, and says so.
fn told_to_fetch() -> bool {
    let Ok(folder) = env::var("TL_TEST_FOLDER") else { return false };
    let digits = env::var("TL_TEST_SHA256").unwrap();
    let path = Path::new(&folder).join("weights/net.pth");
    let urls = [&*env::var("TL_TEST_URL").unwrap()];
    let sha256 = Sha256::of(digits.leak());
    let download =
        Download { name: "net.tv_in1k", urls: &urls, path: &path, sha256, length: None, limit: LIMIT };
    // Long enough that a killed one was killed, and not timed out.
    let config = FetchConfig { stall: Duration::from_secs(30), ..impatient() };
    fetch(&download, &config, &|_| {}).unwrap();
    true
}

/// Another process, in which `test`, which has to begin with [`told_to_fetch`], fetches into `place`.
fn elsewhere(test: &str, place: &Place, url: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test])
        .env("TL_TEST_FOLDER", place.folder.path())
        .env("TL_TEST_SHA256", place.sha256.digits())
        .env("TL_TEST_URL", url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn threads_and_processes_that_want_the_same_file_fetch_it_once() {
    if told_to_fetch() {
        return;
    }
    let place = Place::new(file(200_000));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        let rest = honest(stream, ask, &bytes, ETAG)?;
        for chunk in rest.chunks(20_000) {
            stream.write_all(chunk)?;
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    let url = server.url("/net.pth");
    let name = "threads_and_processes_that_want_the_same_file_fetch_it_once";
    let children = [elsewhere(name, &place, &url), elsewhere(name, &place, &url)];
    thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| place.fetch(&url, &impatient())));
        for thread in threads {
            thread.join().unwrap().unwrap();
        }
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    place.holds_the_file();
    assert_eq!(server.asks().len(), 1);
}

#[test]
fn a_process_killed_at_twenty_points_ends_with_the_right_file() {
    if told_to_fetch() {
        return;
    }
    const POINTS: usize = 20;
    const STEP: usize = 25_000;
    let place = Place::new(file(((POINTS + 1) * STEP) as u32));
    let bytes = place.expected.clone();
    let server = Server::start(move |ask, stream| {
        let rest = honest(stream, ask, &bytes, ETAG)?;
        if ask.number >= POINTS {
            return stream.write_all(rest);
        }
        // A bit of the file, then nothing until the client is dead.
        stream.write_all(&rest[..STEP])?;
        stream.peek(&mut [0]).map(drop)
    });
    let name = "a_process_killed_at_twenty_points_ends_with_the_right_file";
    let url = server.url("/net.pth");
    for point in 1..=POINTS {
        let mut child = elsewhere(name, &place, &url);
        let begun = Instant::now();
        while place.part() < (point * STEP) as u64 {
            assert!(begun.elapsed() < Duration::from_secs(10), "nothing came at point {point}");
            thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!place.path().exists());
    }
    assert!(elsewhere(name, &place, &url).wait().unwrap().success());
    place.holds_the_file();
    assert_eq!(server.starts(), (0..=POINTS).map(|point| point * STEP).collect::<Vec<_>>());
}
