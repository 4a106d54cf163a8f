//! Just enough JSON for one event: finds a string member of the top-level object, and writes a
//! string back. Reads any valid JSON text, refuses any other, and agrees with Go's encoding/json
//! in what a string means, so that hello answers alike in each language.

/// That of encoding/json; deeper is invalid there too.
const MAX_DEPTH: usize = 10000;

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Error {
    /// Not JSON (RFC 8259).
    Invalid,
    /// JSON, but no object.
    NotObject,
    /// The member is there and is neither a string nor null.
    NotString,
}

/// Finds the member `key` (ASCII; the case of the text does not matter; the last one wins) of the
/// object in `text`. Not there or null: an empty string.
pub fn find_string(text: &[u8], key: &str) -> Result<String, Error> {
    let mut reader = Reader { text, at: 0 };
    let mut value = String::new();
    let mut fault = None; // JSON, but not as wanted: told only when all of it is JSON
    let mut closers = Vec::new(); // of each value we are inside of
    let mut wanted = false; // the value ahead is the member looked for

    // Without recursion: a guest's stack is small, and the text a stranger's.
    loop {
        let first = reader.peek();
        if closers.is_empty() && !matches!(first, Some(b'{' | b'n')) {
            fault = Some(Error::NotObject);
        }
        if wanted && !matches!(first, Some(b'"' | b'n')) {
            fault = Some(Error::NotString);
        }
        if let Some(opener @ (b'{' | b'[')) = first {
            if closers.len() == MAX_DEPTH {
                return Err(Error::Invalid);
            }
            reader.at += 1;
            let closer = if opener == b'{' { b'}' } else { b']' };
            if !reader.take(closer) {
                closers.push(closer);
                wanted = reader.next_is_wanted(&closers, key)?;
                continue;
            }
        } else if let Some(text) = reader.scalar(first)? {
            if wanted {
                value = text;
            }
        }
        // A value has ended: go on in what it is inside of, which may end with it.
        while let Some(&closer) = closers.last() {
            if !reader.take(closer) {
                break;
            }
            closers.pop();
        }
        if closers.is_empty() {
            return match (reader.peek(), fault) {
                (Some(_), _) => Err(Error::Invalid),
                (None, Some(fault)) => Err(fault),
                (None, None) => Ok(value),
            };
        }
        reader.need(b',')?;
        wanted = reader.next_is_wanted(&closers, key)?;
    }
}

/// A string's inside, escaped; the quotes are the caller's.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Line and paragraph separator end a line in JavaScript.
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32))
            }
            _ => out.push(c),
        }
    }
    out
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// What comes next, spaces skipped.
    fn peek(&mut self) -> Option<u8> {
        self.skip_space();
        self.text.get(self.at).copied()
    }

    fn take(&mut self, c: u8) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, c: u8) -> Result<(), Error> {
        if self.take(c) {
            Ok(())
        } else {
            Err(Error::Invalid)
        }
    }

    /// In an object: reads the key and its colon. Whether the value ahead is the one looked for.
    fn next_is_wanted(&mut self, closers: &[u8], key: &str) -> Result<bool, Error> {
        if closers.last() == Some(&b']') {
            return Ok(false);
        }
        self.need(b'"')?;
        let found = self.string()?;
        self.need(b':')?;
        Ok(closers.len() == 1 && found.eq_ignore_ascii_case(key))
    }

    /// A value that holds no others; the text of a string.
    fn scalar(&mut self, first: Option<u8>) -> Result<Option<String>, Error> {
        match first {
            Some(b'"') => {
                self.at += 1;
                return self.string().map(Some);
            }
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => self.number()?,
        }
        Ok(None)
    }

    /// After the opening quote.
    fn string(&mut self) -> Result<String, Error> {
        let mut out = String::new();
        loop {
            let start = self.at;
            while matches!(self.text.get(self.at), Some(c) if *c >= 0x20 && !b"\"\\".contains(c)) {
                self.at += 1;
            }
            push_lossy(&mut out, &self.text[start..self.at]);
            let c = self.text.get(self.at).copied();
            self.at += 1;
            match c {
                Some(b'"') => return Ok(out),
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(Error::Invalid),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let c = self.text.get(self.at).copied();
        self.at += 1;
        Ok(match c {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = hex4(&self.text[self.at..]).ok_or(Error::Invalid)?;
                self.at += 4;
                match char::from_u32(high) {
                    Some(c) => c,
                    None => self.low_surrogate(high),
                }
            }
            _ => return Err(Error::Invalid),
        })
    }

    /// A pair of surrogates is one code point, a lone one none.
    fn low_surrogate(&mut self, high: u32) -> char {
        if high < 0xDC00 && self.text[self.at..].starts_with(b"\\u") {
            if let Some(low @ 0xDC00..=0xDFFF) = hex4(&self.text[self.at + 2..]) {
                self.at += 6;
                let point = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
            }
        }
        char::REPLACEMENT_CHARACTER
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(Error::Invalid)
        }
    }

    fn skip_one(&mut self, of: &[u8]) -> bool {
        let found = matches!(self.text.get(self.at), Some(c) if of.contains(c));
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<(), Error> {
        self.skip_one(b"-");
        if !self.skip_one(b"0") {
            self.digits()?;
        }
        if self.skip_one(b".") {
            self.digits()?;
        }
        if self.skip_one(b"eE") {
            self.skip_one(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Error> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(Error::Invalid);
        }
        self.at += word.len();
        Ok(())
    }
}

fn hex4(text: &[u8]) -> Option<u32> {
    let digits = text.get(..4)?;
    digits.iter().try_fold(0, |value, &c| {
        Some(value * 16 + char::from(c).to_digit(16)?)
    })
}

/// Each byte that belongs to no character becomes U+FFFD, as in Go. (String::from_utf8_lossy
/// makes one of several.)
fn push_lossy(out: &mut String, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or(""),
        };
        out.push_str(valid);
        bytes = &bytes[valid.len()..];
        if let Some((_, rest)) = bytes.split_first() {
            out.push(char::REPLACEMENT_CHARACTER);
            bytes = rest;
        }
    }
}
