//! A small file that becomes a large tar: memory stays where it is.
//!
//! The only test of its process, since it is the peak of the whole process that is measured.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(target_os = "linux")]

use std::{fs, io::Write as _, num::NonZeroUsize};

use layer::{
    codec::Codec,
    import::{Treatment, import},
    layer::Description,
};

/// MiB of zeros. More than [`MOST`], so that whoever keeps them fails; the time of an unoptimised build bounds it.
const SIZE: u64 = 80;
/// MiB that the process may take. 29 were seen.
const MOST: u64 = 48;

/// MiB that the process had at most so far.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn memory_does_not_follow_the_ratio() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros").unwrap();
    header.set_size(SIZE << 20);
    header.set_cksum();
    // Many extensions, each as long as may be.
    let mut extension = tar::Header::new_ustar();
    extension.set_entry_type(tar::EntryType::XHeader);
    extension.set_size(1 << 20);
    extension.set_cksum();
    let mut record = b"1048576 comment=".to_vec();
    record.resize((1 << 20) - 1, b' ');
    record.push(b'\n');
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).unwrap();
    let bomb = |compress: &dyn Fn(&[u8]) -> Vec<u8>| {
        let extensions = compress(&[extension.as_bytes(), &record[..]].concat()).repeat(8);
        let zeros = compress(&vec![0; 1 << 20]).repeat(usize::try_from(SIZE).unwrap());
        [extensions, compress(header.as_bytes()), zeros].concat()
    };
    for (bytes, treatment) in
        [(bomb(&gzip), Treatment::Keep), (bomb(&zstd), Treatment::Recompress(Codec::GZIP))]
    {
        assert!(bytes.len() < 2 << 20, "{}", bytes.len());
        fs::write(path("bomb"), bytes).unwrap();
        let description =
            Description { created_by: String::new(), platform: None, annotations: Default::default() };
        let (blob, metadata, mtree) = (path("blob"), path("layer.json"), path("mtree"));
        let outputs = (Some(&*blob), &*metadata, &*mtree);
        let threads = NonZeroUsize::new(2).unwrap();
        let layer = import(&path("bomb"), treatment, threads, description, outputs, &mut |_| {}).unwrap();
        assert!(layer.uncompressed_size > Some(SIZE << 20));
    }
    let peak = peak();
    assert!(peak < MOST, "{peak} MiB");
}
