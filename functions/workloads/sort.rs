// Bubble sort of numbers in a fixed disorder.
include!("number.rs");

fn main() {
    let n = size_from_stdin(4000) as usize;
    let mut x: u32 = 12345;
    let mut a = Vec::with_capacity(n);
    for _ in 0..n {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        a.push(x >> 8);
    }
    for end in (2..=n).rev() {
        for i in 0..end - 1 {
            if a[i] > a[i + 1] {
                a.swap(i, i + 1);
            }
        }
    }
    println!("{}", a.iter().fold(0u32, |mixed, v| mixed.wrapping_mul(31).wrapping_add(*v)));
}
