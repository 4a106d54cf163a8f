//! Where std.json and Go's encoding/json do not agree about strings: what the one refuses and the
//! other replaces is replaced before std.json sees it.
const std = @import("std");

const replacement = "\u{FFFD}";

/// The text with U+FFFD for each byte that belongs to no character and for each escape that is a
/// lone surrogate. Outside of strings both are errors, before and after.
pub fn clean(arena: std.mem.Allocator, text: []const u8) error{OutOfMemory}![]const u8 {
    var out: std.ArrayList(u8) = try .initCapacity(arena, text.len);
    var at: usize = 0;
    while (at < text.len) {
        const rest = text[at..];
        var size = character(rest);
        var put: []const u8 = if (size == 0) replacement else rest[0..size];
        if (size == 0) size = 1;
        if (rest[0] == '\\' and rest.len > 1) {
            size = 1 + character(rest[1..]);
            put = rest[0..size];
            if (unit(rest)) |high| if (high >= 0xD800 and high <= 0xDFFF) {
                const low = unit(rest[6..]) orelse 0;
                const pair = high < 0xDC00 and low >= 0xDC00 and low <= 0xDFFF;
                size = if (pair) 12 else 6;
                put = if (pair) rest[0..12] else replacement;
            };
        }
        try out.appendSlice(arena, put);
        at += size;
    }
    return out.items;
}

/// The inside of a JSON string; the quotes are the caller's. Line and paragraph separator, which
/// end a line in JavaScript, are escaped too.
pub fn escape(text: []const u8, out: *std.Io.Writer) std.Io.Writer.Error!void {
    var rest = text;
    while (std.mem.find(u8, rest, "\u{2028}"[0..2])) |found| {
        const end = found + character(rest[found..]);
        try std.json.Stringify.encodeJsonStringChars(rest[0..found], .{}, out);
        const separator = rest[end - 1] == 0xA8 or rest[end - 1] == 0xA9;
        try std.json.Stringify.encodeJsonStringChars(
            rest[found..end],
            .{ .escape_unicode = separator },
            out,
        );
        rest = rest[end..];
    }
    try std.json.Stringify.encodeJsonStringChars(rest, .{}, out);
}

/// The length of the well-formed UTF-8 sequence that the text begins with, or 0.
fn character(text: []const u8) usize {
    const size = std.unicode.utf8ByteSequenceLength(text[0]) catch return 0;
    if (size > text.len or !std.unicode.utf8ValidateSlice(text[0..size])) return 0;
    return size;
}

/// The UTF-16 code unit of the escape "\uXXXX" that the text begins with.
fn unit(text: []const u8) ?u16 {
    if (text.len < 6 or text[0] != '\\' or text[1] != 'u') return null;
    for (text[2..6]) |digit| if (!std.ascii.isHex(digit)) return null;
    return std.fmt.parseInt(u16, text[2..6], 16) catch null;
}
