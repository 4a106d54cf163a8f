//! Calls the functions of the world wasi:cli/command that need no network, and prints a line for each
//! call: what it gave. A folder for it is granted as /data. Nothing that may differ from run to run
//! is printed.
mod report;

use report::Report;
use wasi::cli::{environment, stdin, terminal_stderr, terminal_stdin, terminal_stdout};
use wasi::filesystem::preopens::get_directories;
use wasi::filesystem::types::{
    Advice, Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

const NONE: PathFlags = PathFlags::empty();
const READ: DescriptorFlags = DescriptorFlags::READ;

fn main() {
    let mut report = Report::default();
    cli(&mut report);
    if let Some((data, _)) = get_directories().into_iter().find(|(_, name)| name == "/data") {
        files(&mut report, &data);
        paths(&mut report, &data);
        folders(&mut report, &data);
    }
    print!("{}", report.text);
}

fn cli(report: &mut Report) {
    report.add("arguments", environment::get_arguments().len());
    report.add("environment", environment::get_environment().iter().any(|(name, _)| name == "GIVEN"));
    report.add("terminals", (terminal_stdin::get_terminal_stdin().is_some(),
                             terminal_stdout::get_terminal_stdout().is_some(),
                             terminal_stderr::get_terminal_stderr().is_some()));
    let input = stdin::get_stdin();
    let mut all = 0;
    let end = loop {
        match input.blocking_read(1000) {
            Ok(data) => all += data.len(),
            Err(error) => break error,
        }
    };
    report.add("stdin", (all, end));
}

fn write_file(data: &Descriptor, name: &str) -> Result<Descriptor, ErrorCode> {
    data.open_at(NONE, name, OpenFlags::CREATE, READ | DescriptorFlags::WRITE)
}

fn files(report: &mut Report, data: &Descriptor) {
    let file = write_file(data, "a").expect("a file");
    report.add("flags", file.get_flags());
    report.add("type", file.get_type());
    report.add("write", file.write(b"hello, world", 0));
    report.add("write past the end", file.write(b"!", 20));
    report.add("read", file.read(5, 7));
    report.add("read the gap", file.read(100, 11));
    report.add("read past the end", file.read(5, 100));
    report.add("read nothing", file.read(0, 0));
    report.add("set_size", file.set_size(5));
    report.add("size", file.stat().map(|stat| (stat.size, stat.type_, stat.link_count)));
    report.add("advise", file.advise(0, 5, Advice::Sequential));
    report.add("sync", (file.sync(), file.sync_data()));
    let stream = file.read_via_stream(1).expect("a stream");
    report.add("stream", stream.blocking_read(100));
    report.add("its end", stream.blocking_read(100));
    drop(stream);
    let stream = file.write_via_stream(4).expect("a stream");
    report.add("write by stream", stream.blocking_write_and_flush(b"OH"));
    report.add("zeroes by stream", stream.blocking_write_zeroes_and_flush(2));
    drop(stream);
    let stream = file.append_via_stream().expect("a stream");
    report.add("append", stream.blocking_write_and_flush(b"end"));
    let source = file.read_via_stream(0).expect("a stream");
    report.add("splice", stream.blocking_splice(&source, 4));
    drop(stream);
    drop(source);
    report.add("all", file.read(100, 0));
    report.add("set_times", file.set_times(
        NewTimestamp::Timestamp(wasi::clocks::wall_clock::Datetime { seconds: 5, nanoseconds: 6 }),
        NewTimestamp::Timestamp(wasi::clocks::wall_clock::Datetime { seconds: 7, nanoseconds: 8 })));
    report.add("times", file.stat().map(|stat| (stat.data_access_timestamp,
                                                stat.data_modification_timestamp)));
    report.add("bad time", file.set_times(NewTimestamp::NoChange, NewTimestamp::Timestamp(
        wasi::clocks::wall_clock::Datetime { seconds: 7, nanoseconds: 1_000_000_000 })));
    report.add("a folder's functions", (file.read_directory().map(|_| ()),
                                        file.create_directory_at("x"), file.stat_at(NONE, "x").map(|_| ())));
    let again = data.open_at(NONE, "a", OpenFlags::empty(), READ).expect("the file");
    report.add("the same", (file.is_same_object(&again), file.is_same_object(data)));
    let hash = |of: &Descriptor| of.metadata_hash().map(|hash| (hash.lower, hash.upper));
    report.add("the same hash", (hash(&file) == hash(&again), hash(&file) == hash(data)));
    report.add("write to what is read", again.write(b"x", 0));
    report.add("set size of what is read", again.set_size(0));
    report.add("stream to what is read", again.write_via_stream(0).map(|_| ()));
}

fn paths(report: &mut Report, data: &Descriptor) {
    let open = |name: &str, how: OpenFlags, rights: DescriptorFlags| {
        data.open_at(NONE, name, how, rights).map(|_| ())
    };
    report.add("none", open("none", OpenFlags::empty(), READ));
    report.add("exclusive", open("a", OpenFlags::CREATE | OpenFlags::EXCLUSIVE, READ | DescriptorFlags::WRITE));
    report.add("a folder", open("a", OpenFlags::DIRECTORY, READ));
    report.add("truncate", open("a", OpenFlags::TRUNCATE, READ | DescriptorFlags::WRITE));
    report.add("truncated", data.stat_at(NONE, "a").map(|stat| stat.size));
    for path in ["", ".", "..", "../x", "a/../..", "/a", "a/", "./a", "b/../a", "a\u{0}b", "x/y"] {
        report.add(&format!("open {path:?}"), open(path, OpenFlags::empty(), READ));
        report.add(&format!("stat {path:?}"), data.stat_at(NONE, path).map(|stat| stat.type_));
        report.add(&format!("create {path:?}"), data.create_directory_at(path));
        report.add(&format!("remove {path:?}"), data.remove_directory_at(path));
        report.add(&format!("unlink {path:?}"), data.unlink_file_at(path).is_ok());
        let _ = write_file(data, "a");
    }
    report.add("link", data.link_at(NONE, "a", data, "linked"));
    report.add("links", data.stat_at(NONE, "a").map(|stat| stat.link_count));
    report.add("rename", data.rename_at("linked", data, "renamed"));
    report.add("rename none", data.rename_at("none", data, "renamed"));
    report.add("symlink", data.symlink_at("a", "pointer"));
    report.add("symlink again", data.symlink_at("a", "pointer"));
    report.add("symlink out", data.symlink_at("../out", "out").is_ok());
    report.add("symlink absolute", data.symlink_at("/etc/passwd", "absolute").is_ok());
    report.add("readlink", data.readlink_at("pointer"));
    report.add("readlink of a file", data.readlink_at("a"));
    report.add("not followed", data.stat_at(NONE, "pointer").map(|stat| stat.type_));
    report.add("followed", data.stat_at(PathFlags::SYMLINK_FOLLOW, "pointer").map(|stat| stat.type_));
    report.add("open a symlink", open("pointer", OpenFlags::empty(), READ));
    report.add("open through it", data.open_at(PathFlags::SYMLINK_FOLLOW, "pointer", OpenFlags::empty(), READ).map(|_| ()));
    report.add("out", data.stat_at(PathFlags::SYMLINK_FOLLOW, "out").is_ok());
    let hash = |path: &str| data.metadata_hash_at(NONE, path).map(|hash| (hash.lower, hash.upper));
    report.add("hashes", (hash("a") == hash("renamed"), hash("a") == hash("pointer"), hash("none")));
    report.add("set_times_at", data.set_times_at(NONE, "a", NewTimestamp::NoChange, NewTimestamp::Timestamp(
        wasi::clocks::wall_clock::Datetime { seconds: 1, nanoseconds: 2 })));
    report.add("time", data.stat_at(NONE, "a").map(|stat| stat.data_modification_timestamp));
    for name in ["pointer", "out", "absolute", "renamed"] {
        report.add(&format!("unlink {name}"), data.unlink_file_at(name).is_ok());
    }
}

fn folders(report: &mut Report, data: &Descriptor) {
    report.add("create", data.create_directory_at("folder"));
    report.add("create again", data.create_directory_at("folder"));
    let inner = data.open_at(NONE, "folder", OpenFlags::DIRECTORY, READ | DescriptorFlags::MUTATE_DIRECTORY)
        .expect("the folder");
    report.add("its type", inner.get_type());
    for name in ["one", "two", "three"] {
        report.add(&format!("file {name}"), write_file(&inner, name).map(|_| ()));
    }
    let mut names = Vec::new();
    let entries = inner.read_directory().expect("entries");
    while let Ok(Some(entry)) = entries.read_directory_entry() {
        names.push((entry.name, entry.type_));
    }
    names.sort_by(|one, other| one.0.cmp(&other.0));
    report.add("entries", names);
    report.add("after the last", entries.read_directory_entry().map(|entry| entry.is_none()));
    drop(entries);
    report.add("not empty", data.remove_directory_at("folder"));
    report.add("unlink a folder", data.unlink_file_at("folder").is_ok());
    report.add("remove a file", inner.remove_directory_at("one"));
    report.add("up from it", inner.open_at(NONE, "../a", OpenFlags::empty(), READ).map(|_| ()));
    report.add("read it", (inner.read(1, 0).is_ok(), inner.set_size(0).is_ok()));
    for name in ["one", "two", "three"] {
        report.add(&format!("unlink {name}"), inner.unlink_file_at(name));
    }
    drop(inner);
    report.add("remove", data.remove_directory_at("folder"));
    report.add("remove again", data.remove_directory_at("folder"));
    report.add("unlink a", data.unlink_file_at("a"));
}
