//! Paths of the distribution API, taken apart (OCI distribution-spec, "Endpoints").

use oci::digest::Digest;

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Path<'a> {
    /// `/v2/`: is this a registry?
    Root,
    /// `/v2/<name>/manifests/<reference>`.
    Manifest(&'a str, &'a str),
    /// `/v2/<name>/blobs/<digest>`.
    Blob(&'a str, Digest),
    /// `/v2/<name>/blobs/uploads/`: where uploads start.
    Uploads(&'a str),
    /// `/v2/<name>/blobs/uploads/<id>`.
    Upload(&'a str, &'a str),
}

impl<'a> Path<'a> {
    /// Takes a path apart; none if it is nothing of this API.
    pub(super) fn parse(path: &'a str) -> Option<Self> {
        let rest = path.strip_prefix("/v2")?;
        if rest.is_empty() || rest == "/" {
            return Some(Self::Root);
        }
        let rest = rest.strip_prefix('/')?;
        // From the right: a repository may itself have parts that are called so.
        let (front, last) = rest.rsplit_once('/')?;
        if let Some(name) = front.strip_suffix("/blobs/uploads") {
            return Some(if last.is_empty() { Self::Uploads(name) } else { Self::Upload(name, last) });
        }
        if let Some(name) = front.strip_suffix("/manifests") {
            return Some(Self::Manifest(name, last));
        }
        let name = front.strip_suffix("/blobs")?;
        if last == "uploads" { Some(Self::Uploads(name)) } else { Some(Self::Blob(name, last.parse().ok()?)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses() {
        let digest = Digest::of(b"");
        let blob = format!("/v2/a/blobs/{digest}");
        let odd = format!("/v2/a/blobs/b/manifests/{digest}");
        for (path, expected) in [
            ("/v2/", Some(Path::Root)),
            ("/v2", Some(Path::Root)),
            ("/v2/a/b/manifests/latest", Some(Path::Manifest("a/b", "latest"))),
            (&blob, Some(Path::Blob("a", digest))),
            (&odd, Some(Path::Manifest("a/blobs/b", &digest.to_string()))),
            ("/v2/a/blobs/uploads/", Some(Path::Uploads("a"))),
            ("/v2/a/blobs/uploads", Some(Path::Uploads("a"))),
            ("/v2/a/blobs/uploads/1", Some(Path::Upload("a", "1"))),
            ("/v2/a/blobs/sha256:xyz", None),
            ("/v2/a", None),
            ("/v1/", None),
            ("/v2x", None),
            ("", None),
        ] {
            assert_eq!(Path::parse(path), expected, "{path}");
        }
    }
}
