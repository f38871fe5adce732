//! A `pack` that is killed, at whatever point: nothing that looks whole and is not, and nothing that a later run trips
//! over.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use support::{OUTPUTS, command, names};

const FILES: [&str; 3] = ["blob", "mtree", "layer.json"];
const KILLS: u32 = 20;

/// Enough to keep several threads busy for a while: half of it shrinks.
fn write_inputs(dir: &Path) {
    let mut state = 1_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    let bytes: Vec<u8> = std::iter::repeat_with(|| b'a' + next() % 12).take(4 << 20).collect();
    fs::write(dir.join("big"), &bytes).unwrap();
    fs::create_dir(dir.join("tree")).unwrap();
    for (number, piece) in bytes.chunks(4 << 10).take(500).enumerate() {
        fs::write(dir.join(format!("tree/{number}")), piece).unwrap();
    }
    fs::write(dir.join("entries"), "strata-entries 2\nfile\nbig\nbig\n\ntree\ntree\ntree\n\n").unwrap();
}

fn start(dir: &Path) -> Child {
    let mut pack = command(dir, &[&["layer", "--entries", "entries"], &OUTPUTS[..]].concat());
    pack.stderr(Stdio::null()).spawn().unwrap()
}

/// By the shell's own `kill`: not every machine has the program.
fn send(signal: &str, child: &mut Child) {
    if signal == "KILL" {
        // One that has ended is none to kill.
        return child.kill().unwrap_or_default();
    }
    let shell = Command::new("/bin/sh").args(["-c", &format!("kill -{signal} {}", child.id())]).output();
    drop(shell.unwrap());
}

/// What stands at the final names. All that does is whole, and where metadata is, everything is.
fn check(dir: &Path, whole: &[Vec<u8>; 3]) {
    let found = FILES.map(|name| fs::read(dir.join(name)).ok());
    for ((name, found), whole) in FILES.iter().zip(&found).zip(whole) {
        assert!(found.as_ref().is_none_or(|found| found == whole), "{name} is there, and not whole");
    }
    assert!(found[2].is_none() || found.iter().all(Option::is_some), "layer.json is there alone");
}

fn half_written(dir: &Path) -> usize {
    names(dir).iter().filter(|name| name.ends_with(".tmp")).count()
}

#[test]
fn at_any_point() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    write_inputs(dir);
    let began = Instant::now();
    assert!(start(dir).wait().unwrap().success());
    let whole_run = began.elapsed();
    let whole = FILES.map(|name| fs::read(dir.join(name)).unwrap());

    // No INT: it does the same as TERM to a program that handles neither, and whoever starts the tests in the background
    // has it ignored.
    for (signal, number) in [("KILL", 9), ("TERM", 15)] {
        let mut killed = 0;
        for at in 0..KILLS {
            // As Bazel does before an action. What was half written stays, for the next run to trip over.
            FILES.iter().for_each(|name| fs::remove_file(dir.join(name)).unwrap_or_default());
            let mut child = start(dir);
            thread::sleep(whole_run * at / KILLS);
            send(signal, &mut child);
            killed += usize::from(child.wait().unwrap().signal() == Some(number));
            check(dir, &whole);
        }
        // The first ones at least; how many more depends on how even the machine's speed is.
        assert!(killed >= 3, "{signal} came too late to all but {killed}");
    }
    assert!(half_written(dir) > 0, "none was killed while it wrote");

    let left = half_written(dir);
    assert!(start(dir).wait().unwrap().success());
    check(dir, &whole);
    assert!(FILES.iter().all(|name| dir.join(name).exists()) && half_written(dir) == left);
}

/// Outputs are put in place one after the other. Old ones are there, of other inputs.
#[test]
fn while_outputs_are_put_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let entries = |path: &str| {
        fs::write(dir.join("entries"), format!("strata-entries 2\nempty\n{path}\n\n\n")).unwrap();
    };
    let outputs = || FILES.map(|name| fs::read(dir.join(name)).unwrap());
    let [old, new] = ["old", "new"].map(|path| {
        entries(path);
        assert!(start(dir).wait().unwrap().success());
        outputs()
    });
    for _ in 0..KILLS {
        FILES.iter().zip(&old).for_each(|(name, bytes)| fs::write(dir.join(name), bytes).unwrap());
        entries("new");
        let mut child = start(dir);
        let deadline = Instant::now() + Duration::from_secs(60);
        while fs::read(dir.join("blob")).unwrap() == old[0] && Instant::now() < deadline {}
        send("KILL", &mut child);
        child.wait().unwrap();
        let found = FILES.map(|name| fs::read(dir.join(name)).ok());
        assert_eq!(found[0].as_ref(), Some(&new[0]));
        // Never the old one beside the new blob.
        assert!(found[2].as_ref().is_none_or(|json| *json == new[2]), "layer.json is that of another blob");
    }
}
