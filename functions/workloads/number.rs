/// The size of a workload: the digits that stdin begins with, or `otherwise`.
fn size_from_stdin(otherwise: u64) -> u64 {
    use std::io::Read;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap_or(0);
    let digits: String = text.chars().take_while(char::is_ascii_digit).take(9).collect();
    digits.parse().unwrap_or(otherwise)
}
