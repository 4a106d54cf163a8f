const std = @import("std");

pub fn build(b: *std.Build) void {
    // Exactly the features that every engine takes.
    const target = b.resolveTargetQuery(std.Target.Query.parse(.{
        .arch_os_abi = "wasm32-wasi",
        .cpu_features = "mvp+bulk_memory+sign_ext+mutable_globals+nontrapping_fptoint",
    }) catch unreachable);
    const function = b.addExecutable(.{
        .name = "@NAME@",
        .root_module = b.createModule(.{
            .root_source_file = b.path("src/main.zig"),
            .target = target,
            .optimize = .ReleaseSmall,
        }),
    });
    function.stack_size = 1 << 20; // Zig's own is 16 MiB, and part of each instance's memory
    b.installArtifact(function);

    const tests = b.addTest(.{ .root_module = b.createModule(.{
        .root_source_file = b.path("src/greet.zig"),
        .target = b.graph.host,
    }) });
    b.step("test", "Run the tests").dependOn(&b.addRunArtifact(tests).step);
}
