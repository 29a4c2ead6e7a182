//! Which addresses are fetched from.

use std::net::IpAddr;
use ureq::http::Uri;

use crate::Fault;

/// The address to ask, where a mirror stands in for scheme and host: `https://mirror/tl` and
/// `https://download.pytorch.org/models/a.pth` make `https://mirror/tl/models/a.pth`.
pub(crate) fn mirrored(url: &str, mirror: Option<&str>) -> String {
    let Some(mirror) = mirror else { return url.to_owned() };
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = after_scheme.split_once('/').map_or("", |(_, path)| path);
    format!("{}/{path}", mirror.trim_end_matches('/'))
}

/// Refuses everything but HTTPS, and plain HTTP to this computer.
pub(crate) fn check(url: &str) -> Result<Uri, Fault> {
    let uri: Uri = url.parse().map_err(|_| Fault::Insecure)?;
    match uri.scheme_str() {
        Some("https") if uri.host().is_some() => Ok(uri),
        Some("http") if is_loopback(&uri) => Ok(uri),
        _ => Err(Fault::Insecure),
    }
}

/// Where a redirect from `at` to `location` leads: to HTTPS, or from plain HTTP on this computer to the same.
pub(crate) fn redirected(at: &Uri, location: &str) -> Result<Uri, Fault> {
    let to = join(at, location);
    let refused = |why| Fault::Redirect { to: to.clone(), why };
    let uri = check(&to).map_err(|_| refused("it is not https"))?;
    if uri.scheme_str() == Some("http") && at.scheme_str() != Some("http") {
        return Err(refused("it leaves https"));
    }
    Ok(uri)
}

pub(crate) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Resolves a reference as RFC 3986, 5.2.2, short of removing dot segments: servers do that.
fn join(at: &Uri, location: &str) -> String {
    let scheme = at.scheme_str().unwrap_or("https");
    let authority = at.authority().map_or("", |authority| authority.as_str());
    if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else {
        let folder = at.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_replaces_scheme_and_host() {
        let url = "https://download.pytorch.org/models/a.pth";
        assert_eq!(mirrored(url, None), url);
        assert_eq!(mirrored(url, Some("https://mirror/tl/")), "https://mirror/tl/models/a.pth");
    }

    #[test]
    fn only_https_and_this_computer_are_asked() {
        let cases = [
            ("https://a.org/b", true),
            ("http://127.0.0.1:80/b", true),
            ("http://[::1]/b", true),
            ("http://localhost/b", true),
            ("http://a.org/b", false),
            ("http://127.0.0.1.a.org/b", false),
            ("http://localhost@a.org/b", false),
            ("ftp://a.org/b", false),
            ("file:///etc/passwd", false),
            ("b", false),
        ];
        for (url, allowed) in cases {
            assert_eq!(check(url).is_ok(), allowed, "{url}");
        }
    }

    #[test]
    fn redirects_are_resolved_and_never_leave_https() {
        let at: Uri = "https://a.org/b/c?d".parse().unwrap();
        let cases = [
            ("https://e.org/f", Some("https://e.org/f")),
            ("//e.org/f", Some("https://e.org/f")),
            ("/f?g", Some("https://a.org/f?g")),
            ("f", Some("https://a.org/b/f")),
            ("http://a.org/f", None),
            ("http://127.0.0.1/f", None),
            ("javascript://x", None),
        ];
        for (location, expected) in cases {
            let to = redirected(&at, location).ok().map(|uri| uri.to_string());
            assert_eq!(to.as_deref(), expected, "{location}");
        }
    }
}
