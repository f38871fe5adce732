//! Prints a sum that a library of C makes.

unsafe extern "C" {
    fn add(a: i32, b: i32) -> i32;
}

fn main() {
    println!("2 + 3 = {}", unsafe { add(2, 3) });
}
