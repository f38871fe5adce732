/*
fn main() {}
*/
const TEXT: &str = r#"
fn main() {}
"#;

mod inner {
    fn main() {}
}
