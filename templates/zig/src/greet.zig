//! What the function does, without where the event comes from: `zig build test` runs it as it is.
const std = @import("std");

const Event = struct { name: []const u8 = "" };

/// Who is to be greeted; nobody where the data are no JSON object with a name.
pub fn findName(arena: std.mem.Allocator, data: []const u8) ?[]const u8 {
    const event = std.json.parseFromSliceLeaky(Event, arena, data, .{
        .ignore_unknown_fields = true,
    }) catch return null;
    return if (event.name.len == 0) null else event.name;
}

test "finds the name" {
    var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer arena.deinit();
    try std.testing.expectEqualStrings("Ada", findName(arena.allocator(), "{\"name\":\"Ada\"}").?);
    try std.testing.expectEqualStrings("Bo", findName(arena.allocator(), "{\"id\":1, \"name\" : \"Bo\"}").?);
}

test "refuses what has none" {
    var arena = std.heap.ArenaAllocator.init(std.testing.allocator);
    defer arena.deinit();
    for ([_][]const u8{ "", "not JSON", "{}", "{\"name\":7}", "{\"name\":\"cut" }) |data| {
        try std.testing.expect(findName(arena.allocator(), data) == null);
    }
}
