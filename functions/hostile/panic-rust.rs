//! An uncaught panic in Rust: a message on standard error, then an unreachable instruction.

fn main() {
    panic!("as asked");
}
