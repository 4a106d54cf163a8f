// Just enough JSON for one event: finds a string member of the top-level object, and writes a
// string back. Reads any valid JSON text, refuses any other, and agrees with Go's encoding/json
// in what a string means, so that hello answers alike in each language. It works on bytes:
// AssemblyScript's own strings are UTF-16, which would lose what is no UTF-8.

export enum Status {
  Ok,
  Invalid, // not JSON (RFC 8259)
  NotObject, // JSON, but no object
  NotString, // the member is there and is neither a string nor null
}

const MAX_DEPTH = 10000; // that of encoding/json; deeper is invalid there too
const END = -1;
const ESCAPES = '"\\/bfnrt';
const MEANINGS = '"\\/\b\f\n\r\t';

/// Finds the member `key` (lower-case ASCII; the case of the text does not matter; the last one
/// wins) of the object in `text`. Not there or null: an empty string.
export function findString(text: Uint8Array, key: string, value: u8[]): Status {
  const reader = new Reader(text, key);
  const status = reader.walk();
  for (let i = 0; i < reader.value.length; i++) value.push(reader.value[i]);
  return status;
}

/// Writes a string's inside, escaped; the quotes are the caller's.
export function escapeInto(bytes: u8[], out: u8[]): void {
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i];
    const known = MEANINGS.indexOf(String.fromCharCode(c));
    if (known >= 0 && c != 0x2f) {
      out.push(0x5c);
      out.push(<u8>ESCAPES.charCodeAt(known));
    } else if (c < 0x20) {
      escapePoint(c, out);
    } else if (c == 0xe2 && bytes[i + 1] == 0x80 && (bytes[i + 2] | 1) == 0xa9) {
      // Line and paragraph separator end a line in JavaScript.
      escapePoint(0x2000 + bytes[i + 2] - 0x80, out);
      i += 2;
    } else {
      out.push(c);
    }
  }
}

function escapePoint(point: i32, out: u8[]): void {
  out.push(0x5c);
  out.push(0x75);
  for (let shift = 12; shift >= 0; shift -= 4) {
    out.push(<u8>"0123456789abcdef".charCodeAt((point >> shift) & 15));
  }
}

function putPoint(point: i32, out: u8[]): void {
  if (point < 0x80) {
    out.push(<u8>point);
    return;
  }
  const rest = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  out.push(<u8>((0xf00 >> (rest + 1)) | (point >> (6 * rest))));
  for (let i = rest - 1; i >= 0; i--) out.push(<u8>(0x80 | ((point >> (6 * i)) & 0x3f)));
}

class Reader {
  at: i32 = 0;
  value: u8[] = [];

  constructor(private text: Uint8Array, private key: string) {}

  // Without recursion: a guest's stack is small, and the text a stranger's.
  walk(): Status {
    let status = Status.Ok;
    const closers: u8[] = []; // of each value we are inside of
    let wanted = false; // the value ahead is the member looked for
    while (true) {
      const first = this.peek();
      if (closers.length == 0 && first != 0x7b && first != 0x6e) status = Status.NotObject;
      if (wanted && first != 0x22 && first != 0x6e) status = Status.NotString;
      let opened = false;
      if (first == 0x7b || first == 0x5b) {
        if (closers.length == MAX_DEPTH) return Status.Invalid;
        this.at++;
        const closer = <u8>(first + 2); // '}' and ']' are two after their openers
        opened = !this.take(closer);
        if (opened) closers.push(closer);
      } else if (!this.scalar(first, wanted)) {
        return Status.Invalid;
      }
      if (!opened) {
        // A value has ended: go on in what it is inside of, which may end with it.
        while (closers.length > 0 && this.take(closers[closers.length - 1])) closers.pop();
        if (closers.length == 0) return this.peek() == END ? status : Status.Invalid;
        if (!this.take(0x2c)) return Status.Invalid;
      }
      wanted = false;
      if (closers[closers.length - 1] == 0x7d) {
        const key: u8[] = [];
        if (!this.take(0x22) || !this.string(key) || !this.take(0x3a)) return Status.Invalid;
        wanted = closers.length == 1 && this.isKey(key);
      }
    }
  }

  private byte(): i32 {
    return this.at < this.text.length ? <i32>this.text[this.at] : END;
  }

  // What comes next, spaces skipped.
  private peek(): i32 {
    while (this.skipOne(" \t\n\r")) {}
    return this.byte();
  }

  private take(c: i32): bool {
    if (this.peek() != c) return false;
    this.at++;
    return true;
  }

  private skipOne(wanted: string): bool {
    const c = this.byte();
    if (c == END || wanted.indexOf(String.fromCharCode(c)) < 0) return false;
    this.at++;
    return true;
  }

  private isKey(found: u8[]): bool {
    if (found.length != this.key.length) return false;
    for (let i = 0; i < found.length; i++) {
      const c = <i32>found[i];
      if ((c >= 0x41 && c <= 0x5a ? c + 0x20 : c) != this.key.charCodeAt(i)) return false;
    }
    return true;
  }

  // A value that holds no others; a string is kept if it is the one wanted.
  private scalar(first: i32, wanted: bool): bool {
    switch (first) {
      case 0x22: {
        this.at++;
        const text: u8[] = [];
        if (!this.string(text)) return false;
        if (wanted) this.value = text;
        return true;
      }
      case 0x74:
        return this.word("true");
      case 0x66:
        return this.word("false");
      case 0x6e:
        return this.word("null");
      default:
        return this.number();
    }
  }

  private word(word: string): bool {
    for (let i = 0; i < word.length; i++) {
      if (this.byte() != word.charCodeAt(i)) return false;
      this.at++;
    }
    return true;
  }

  private digits(): bool {
    const start = this.at;
    while (this.skipOne("0123456789")) {}
    return this.at > start;
  }

  private number(): bool {
    this.skipOne("-");
    if (!this.skipOne("0") && !this.digits()) return false;
    if (this.skipOne(".") && !this.digits()) return false;
    if (!this.skipOne("eE")) return true;
    this.skipOne("+-");
    return this.digits();
  }

  // After the opening quote. False: not a JSON string.
  private string(out: u8[]): bool {
    while (true) {
      const c = this.byte();
      if (c < 0x20) return false; // the end too
      if (c == 0x22) {
        this.at++;
        return true;
      }
      if (c == 0x5c) {
        this.at++;
        if (!this.escape(out)) return false;
        continue;
      }
      const length = this.characterLength();
      if (length == 0) putPoint(0xfffd, out);
      for (let i = 0; i < length; i++) out.push(this.text[this.at + i]);
      this.at += max(length, 1);
    }
  }

  private escape(out: u8[]): bool {
    const c = this.byte();
    if (c == END) return false;
    this.at++;
    const known = ESCAPES.indexOf(String.fromCharCode(c));
    if (known >= 0) {
      out.push(<u8>MEANINGS.charCodeAt(known));
      return true;
    }
    let point = c == 0x75 ? this.hex4(this.at) : END;
    if (point == END) return false;
    this.at += 4;
    if (point >= 0xd800 && point <= 0xdfff) {
      // A pair of surrogates is one code point, a lone one none.
      const low = this.lowSurrogate();
      if (point < 0xdc00 && low != END) {
        this.at += 6;
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      } else {
        point = 0xfffd;
      }
    }
    putPoint(point, out);
    return true;
  }

  // What the escape ahead says, if it is one of a low surrogate.
  private lowSurrogate(): i32 {
    if (this.text.length - this.at < 6) return END;
    if (this.text[this.at] != 0x5c || this.text[this.at + 1] != 0x75) return END;
    const low = this.hex4(this.at + 2);
    return low >= 0xdc00 && low <= 0xdfff ? low : END;
  }

  private hex4(from: i32): i32 {
    if (this.text.length - from < 4) return END;
    let value = 0;
    for (let i = from; i < from + 4; i++) {
      const digit = "0123456789abcdef".indexOf(String.fromCharCode(this.text[i]).toLowerCase());
      if (digit < 0) return END;
      value = value * 16 + digit;
    }
    return value;
  }

  // Of the well-formed UTF-8 sequence here, or 0 (Unicode 15, table 3-7).
  private characterLength(): i32 {
    const lead = this.text[this.at];
    if (lead < 0x80) return 1;
    const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (size == 0 || this.text.length - this.at < size) return 0;
    for (let i = 1; i < size; i++) {
      if ((this.text[this.at + i] & 0xc0) != 0x80) return 0;
    }
    const second = this.text[this.at + 1];
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
    return (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f) ? 0 : size;
  }
}
