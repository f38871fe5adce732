/* fn main() {} */
#[tokio::main]
async fn main() {
    let quote = '"';
}
