//! hello in Zig: {"name":"Ada"} on standard input is answered {"message":"Hello, Ada!"}.
//! The contract is in ../README.md; std.json reads the event, and text.zig is what keeps its
//! strings those of the other languages.
const std = @import("std");
const text = @import("text.zig");

const Refusal = error{ NotValidJson, NotAnObject, NameNotAString, OutOfMemory };

const max_depth = 10_000; // that of Go's encoding/json; deeper is invalid there too

pub fn main(init: std.process.Init) u8 {
    const arena = init.arena.allocator();
    var log_buffer: [1024]u8 = undefined;
    var log_file = std.Io.File.stderr().writerStreaming(init.io, &log_buffer);
    const log = &log_file.interface;
    defer log.flush() catch {};

    var in_buffer: [4096]u8 = undefined;
    var in = std.Io.File.stdin().readerStreaming(init.io, &in_buffer);
    const data = in.interface.allocRemaining(arena, .unlimited) catch
        return refuse(log, "the event cannot be read");
    const name = nameIn(arena, data) catch |refusal| return refuse(log, switch (refusal) {
        error.NotValidJson => "the event is not valid JSON",
        error.NotAnObject => "the event is not a JSON object",
        error.NameNotAString => "the event's name is not a string",
        error.OutOfMemory => "the event does not fit in memory",
    });

    var out_buffer: [1024]u8 = undefined;
    var out = std.Io.File.stdout().writerStreaming(init.io, &out_buffer);
    greet(name, &out.interface, log) catch return refuse(log, "the reply cannot be written");
    return 0;
}

fn refuse(log: *std.Io.Writer, why: []const u8) u8 {
    log.print("hello: refusing: {s}\n", .{why}) catch {};
    return 1;
}

fn greet(name: []const u8, out: *std.Io.Writer, log: *std.Io.Writer) !void {
    // The name comes from a stranger: escaped, it cannot forge a second log line.
    try log.writeAll("hello: greeting ");
    try text.escape(name, log);
    try log.writeAll("\n");
    try out.writeAll("{\"message\":\"Hello, ");
    try text.escape(name, out);
    try out.writeAll("!\"}");
    try out.flush();
}

/// Who is to be greeted. No data at all, or no name in it, means the world.
fn nameIn(arena: std.mem.Allocator, data: []const u8) Refusal![]const u8 {
    if (data.len == 0) return "world";
    var scanner = std.json.Scanner.initCompleteInput(arena, try text.clean(arena, data));
    const name = readEvent(arena, &scanner) catch |failed| return switch (failed) {
        error.NotAnObject => error.NotAnObject,
        error.NameNotAString => error.NameNotAString,
        error.OutOfMemory => error.OutOfMemory,
        else => error.NotValidJson,
    };
    return if (name.len == 0) "world" else name;
}

/// A refusal for what the event holds is told only when all of it is JSON.
fn readEvent(arena: std.mem.Allocator, scanner: *std.json.Scanner) ![]const u8 {
    var name: []const u8 = "";
    var fault: ?Refusal = null;
    switch (try scanner.peekNextTokenType()) {
        .object_begin => {
            _ = try scanner.next();
            while (try scanner.peekNextTokenType() != .object_end) {
                const is_name = std.ascii.eqlIgnoreCase(try string(arena, scanner), "name");
                switch (try scanner.peekNextTokenType()) {
                    .string => {
                        const value = try string(arena, scanner);
                        if (is_name) name = value;
                    },
                    .null => try skip(scanner),
                    else => {
                        if (is_name) fault = error.NameNotAString;
                        try skip(scanner);
                    },
                }
            }
            _ = try scanner.next();
        },
        .null => try skip(scanner),
        else => {
            fault = error.NotAnObject;
            try skip(scanner);
        },
    }
    if (try scanner.next() != .end_of_document) return error.SyntaxError;
    return fault orelse name;
}

fn string(arena: std.mem.Allocator, scanner: *std.json.Scanner) ![]const u8 {
    return switch (try scanner.nextAlloc(arena, .alloc_if_needed)) {
        inline .string, .allocated_string => |value| value,
        else => error.SyntaxError,
    };
}

/// A value with all that is in it. (Scanner.skipValue nests without a limit.)
fn skip(scanner: *std.json.Scanner) !void {
    const outside = scanner.stackHeight();
    switch (try scanner.peekNextTokenType()) {
        .object_begin, .array_begin => while (true) {
            _ = try scanner.next();
            if (scanner.stackHeight() > max_depth) return error.SyntaxError;
            if (scanner.stackHeight() == outside) return;
        },
        else => try scanner.skipValue(),
    }
}
