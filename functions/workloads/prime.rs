// Counts the primes below a number by trial division.
include!("number.rs");

fn is_prime(n: u32) -> bool {
    if n < 2 {
        return false;
    }
    let mut d = 2;
    while d * d <= n {
        if n % d == 0 {
            return false;
        }
        d += 1;
    }
    true
}

fn main() {
    let below = size_from_stdin(300_000) as u32;
    println!("{}", (0..below).filter(|n| is_prime(*n)).count());
}
