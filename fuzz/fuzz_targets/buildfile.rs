#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| buildfile::fuzz::buildfile(data));
