// Multiplies two square matrices of doubles, row by column.
include!("number.rs");

fn main() {
    let n = size_from_stdin(200) as usize;
    let a: Vec<f64> = (0..n * n).map(|i| (i % 7) as f64 + 0.5).collect();
    let b: Vec<f64> = (0..n * n).map(|i| (i % 5) as f64 - 0.25).collect();
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += a[i * n + k] * b[k * n + j];
            }
            c[i * n + j] = sum;
        }
    }
    let mut trace = 0.0;
    for i in 0..n {
        trace += c[i * n + i];
    }
    println!("{}", (trace * 8.0) as i64);
}
