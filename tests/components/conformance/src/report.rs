//! Lines of "label: value".
use std::fmt::{Debug, Write};

#[derive(Default)]
pub struct Report {
    pub text: String,
}

impl Report {
    pub fn add(&mut self, label: &str, value: impl Debug) {
        writeln!(self.text, "{label}: {value:?}").expect("memory");
    }
}
