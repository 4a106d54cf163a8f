//! @NAME@ answers one event: its data comes on standard input, the reply goes to standard output,
//! the log to standard error. An exit status other than 0 is a failed event.
const std = @import("std");
const findName = @import("greet.zig").findName;

pub fn main(init: std.process.Init) u8 {
    const arena = init.arena.allocator();
    var in_buffer: [4096]u8 = undefined;
    var in = std.Io.File.stdin().readerStreaming(init.io, &in_buffer);
    const data = in.interface.allocRemaining(arena, .unlimited) catch
        return refuse("the event cannot be read");
    const name = findName(arena, data) orelse return refuse("the event has no name");
    std.debug.print("@NAME@: greeting {s}\n", .{name});

    var out_buffer: [1024]u8 = undefined;
    var out = std.Io.File.stdout().writerStreaming(init.io, &out_buffer);
    reply(&out.interface, name) catch return refuse("the reply cannot be written");
    return 0;
}

fn reply(out: *std.Io.Writer, name: []const u8) !void {
    try out.print("{{\"message\":\"Hello, {s}!\"}}", .{name});
    try out.flush();
}

fn refuse(why: []const u8) u8 {
    std.debug.print("@NAME@: {s}\n", .{why});
    return 1;
}
