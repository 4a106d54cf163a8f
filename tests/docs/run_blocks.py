#!/usr/bin/env python3
"""Runs the commands that the docs show, as a newcomer would type them.

run_blocks.py --build DIR [--user root|nobody] [--rust any|debian|rustup] [--quick] [--marks] PAGE...

Every fenced block of shell commands on a page is under one of these comments:

    <!-- run -->                  it is run; each command must end with exit status 0
    <!-- run: in the background -->   the same, in a terminal of its own until the page's end: a server
    <!-- run: slow -->            it is run, but not with --quick
    <!-- not run: REASON -->      it is not, and this is why

and a page may say what it takes for granted, which is run first:

    <!-- before: COMMAND -->

The blocks of a page are run in its order, by one shell, in a fresh folder with an empty HOME and a
network of their own (so that port 8080 is free). On the PATH are ferry, Go where its installer puts
it, wasm-opt where tools/setup.sh does, and a rustc that has a WASI target. $FERRY_SOURCE is this
repository, $FUNCTIONS the compiled sample functions.

--marks runs nothing: it only says which blocks have no comment. --user nobody: as a user who may
write nowhere but there (needs root). --rust: which of the two compilers must be there.
Exit status: 0 all ran, 1 a command failed or a block has no comment, 77 a tool is missing here.
"""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
MARK = re.compile(r"<!-- (run|run: in the background|run: slow|not run: .+) -->\n", re.S)
BEFORE = re.compile(r"^<!-- before: (.+?) -->$", re.S | re.M)
# What begins a line of shell, in a fence that does not say what it holds.
COMMAND = re.compile(r"^(ferry|ferry-host|make|curl|docker|wsk|kubectl|go|rustc|cargo|clang|cmake|"
                     r"mkdir|git|systemctl|sudo|[A-Z_]+=\S+ \w+) ", re.M)
TOOLS = {"go": r"\bgo (build|mod|run|test)\b", "clang-16": r"\bclang(\+\+)?-16\b",
         "wasm-ld-16": r"\bclang", "wasm-opt": r"\bwasm-opt\b|--snapshot",
         "wasm-strip": r"\bwasm-strip\b", "wasm-objdump": r"\bwasm-objdump\b", "curl": r"\bcurl\b"}
NOBODY = 65534
TIMEOUT = 1500


class Block:
    """A fence: its line, its text, and what is said of it."""

    def __init__(self, line, text, mark):
        self.line, self.text, self.mark = line, text, mark

    def runs(self, quick):
        return self.mark.startswith("run") and not (quick and self.mark == "run: slow")


def blocks_of(page):
    """The shell blocks of a page, and the places of those without a comment."""
    text, found, bare = page.read_text(), [], []
    for fence in FENCE.finditer(text):
        kind, body = fence.groups()
        if kind not in ("", "sh", "bash", "console") or (kind == "" and not COMMAND.search(body)):
            continue
        # The comment right above, and no other.
        mark = MARK.fullmatch(text, max(0, text.rfind("<!--", 0, fence.start())), fence.start())
        line = text.count("\n", 0, fence.start()) + 1
        if mark:
            found.append(Block(line, body, mark.group(1)))
        else:
            bare.append(line)
    return found, bare, BEFORE.findall(text)


def rust(folder, which, elsewhere=None):
    """Puts a rustc with a WASI target on the PATH in `folder`; its target, or nothing. `elsewhere`:
    where the compiler will be instead, if its own folder is closed to others."""
    for rustc in {"any": ("rustc", "/usr/bin/rustc"), "debian": ("/usr/bin/rustc",),
                  "rustup": ("rustc",)}[which]:
        at = shutil.which(rustc, path=os.environ["PATH"] + ":" + os.path.expanduser("~/.cargo/bin"))
        if not at or (which == "rustup" and os.path.realpath(at).startswith("/usr/bin")):
            continue
        sysroot = subprocess.run([at, "--print", "sysroot"], capture_output=True,
                                 text=True).stdout.strip()
        for target in ("wasm32-wasip1", "wasm32-wasi"):
            if any(pathlib.Path(sysroot).glob(f"lib/rustlib/{target}/lib/libstd-*.rlib")):
                if elsewhere and not may_enter(pathlib.Path(sysroot)):
                    elsewhere.mkdir()
                    (folder / "sysroot").symlink_to(sysroot)
                    sysroot = str(elsewhere)
                real = at if sysroot == "/usr" else f"{sysroot}/bin/rustc"
                linker = " -C linker=wasm-ld-16" if sysroot == "/usr" else ""
                (folder / "rustc").write_text(f'#!/bin/sh\nexec {real}{linker} "$@"\n')
                (folder / "rustc").chmod(0o755)
                return target
    return ""


def own_network():
    """What to put before a command so that it has ports of its own; or nothing where that can't be."""
    for words in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if subprocess.run(words + ["ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
            return words
    return []


def script_of(blocks, before, quick):
    lines = ["set -eu", "ip link set lo up 2>/dev/null || true", 'trap \'kill $(jobs -p) 2>/dev/null || true\' EXIT']
    lines += before
    for block in blocks:
        if not block.runs(quick):
            continue
        lines.append(f"echo '== line {block.line}'")
        if block.mark == "run: in the background":
            lines.append(f"( set -e\n{block.text}) & server=$!")
            for port in ["8080", *re.findall(r"127\.0\.0\.1:(\d+)", block.text)]:
                lines.append("for i in $(seq 600); do kill -0 $server; (exec 3<>/dev/tcp/127.0.0.1/"
                             f"{port}) 2>/dev/null && break; sleep 0.1; done")
        else:
            lines.append(block.text)
    return "\n".join(lines)


def environment(given, folder):
    tools = folder / "tools"
    tools.mkdir()
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    path = [tools, given.build / "bin", "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin",
            "/sbin", "/bin", "/usr/local/go/bin",
            cache / "ferry-build" / "npm" / "node_modules" / ".bin"]
    env = {"PATH": os.pathsep.join(map(str, path)), "HOME": str(folder / "home"),
           "GOFLAGS": "-modcacherw", "GOWORK": "off", "GOTOOLCHAIN": "local", "LANG": "C.UTF-8",
           "TMPDIR": str(folder / "tmp"), "FERRY_SOURCE": str(ROOT),
           "FUNCTIONS": str(given.build / "functions"),
           # Go's standard library is compiled once for all pages: it is not what is tested.
           "GOCACHE": str(given.build / "tests" / f"docs-go-{given.user}")}
    env["RUST_TARGET"] = rust(tools, given.rust, folder / "rust" if given.user == "nobody" else None)
    return env


def missing_for(blocks, env, given, text):
    """Tools that the blocks name and that are not here."""
    missing = [tool for tool, uses in TOOLS.items()
               if re.search(uses, text) and not shutil.which(tool, path=env["PATH"])]
    if re.search(r"\brustc\b", text) and not env["RUST_TARGET"]:
        missing.append(f"a rustc with a WASI target ({given.rust})")
    # It is static, and so left out of the sanitizers' builds.
    if "ferry pack" in text and not (given.build / "bin/ferry-host").exists():
        missing.append("ferry-host in this build")
    if any(block.mark == "run: in the background" for block in blocks) and not own_network():
        missing.append("a network of one's own (unshare --net)")
    return missing


def run(page, given):
    blocks, bare, before = blocks_of(page)
    for line in bare:
        print(f"{page}:{line}: a block of commands under no comment (<!-- run --> or "
              "<!-- not run: REASON -->)")
    if bare or given.marks:
        return 1 if bare else 0
    blocks = [block for block in blocks if block.runs(given.quick)]
    if not blocks:
        print(f"{page}: nothing to run")
        return 0
    # Not under TMPDIR, which may be somebody's own.
    with tempfile.TemporaryDirectory(prefix="newcomer-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        env = environment(given, folder)
        text = "\n".join(before + [block.text for block in blocks])
        missing = missing_for(blocks, env, given, text)
        if missing:
            print(f"skip {page}: no {', '.join(missing)}")
            return 77
        owned = [folder / each for each in ("home", "tmp", "work")] + [pathlib.Path(env["GOCACHE"])]
        for each in owned:
            each.mkdir(parents=True, exist_ok=True)
            if given.user == "nobody":
                shutil.chown(each, NOBODY, NOBODY)
        words = own_network() + ["bash", "-c", script_of(blocks, before, given.quick)]
        if given.user == "nobody":
            words[-3:-3] = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            # Whoever brings the interface up, and shows a compiler of root's, has to be root.
            inner = shlex.join(words[len(own_network()):])
            closed = folder / "tools" / "sysroot"
            show = f"mount --bind {closed.resolve()} {folder}/rust; " if closed.is_symlink() else ""
            words = (["unshare", "--mount"] + own_network() +
                     ["sh", "-c", f"ip link set lo up; set -e; {show}exec {inner}"])
        try:
            done = subprocess.run(words, cwd=folder / "work", env=env, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  errors="replace", timeout=TIMEOUT)
        except subprocess.TimeoutExpired as late:
            print(f"{page}: not done after {TIMEOUT} s\n{(late.stdout or b'').decode(errors='replace')}")
            return 1
        print(f"{page}: {len(blocks)} blocks as {given.user}, exit status {done.returncode}")
        if done.returncode != 0:
            print(done.stdout)
        return 1 if done.returncode else 0


def may_enter(build):
    """Whether a user without rights can reach the build at all."""
    return all(each.stat().st_mode & 0o001 for each in [build, *build.parents])


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--user", choices=["root", "nobody", "me"], default="me")
    ask.add_argument("--rust", choices=["any", "debian", "rustup"], default="any")
    ask.add_argument("--quick", action="store_true")
    ask.add_argument("--marks", action="store_true")
    ask.add_argument("pages", nargs="+", type=pathlib.Path)
    given = ask.parse_args()
    given.build = given.build.resolve()
    if given.user != "me" and os.geteuid() != 0:
        print(f"skip: --user {given.user} needs root")
        return 77
    if given.user == "nobody" and not may_enter(given.build):
        print(f"skip: a user without rights cannot reach {given.build}")
        return 77
    codes = [run(page, given) for page in given.pages]
    return 1 if 1 in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
