// A Fibonacci number by two calls of itself: what calls cost.
include!("number.rs");

/// Kept from being unrolled into itself: the calls are the work.
#[inline(never)]
fn fib(n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    fib(n - 1) + fib(n - 2)
}

fn main() {
    println!("{}", fib(size_from_stdin(31) as u32));
}
