#!/usr/bin/env python3
"""tools/with_arm64.py COMMAND…: runs a command where the kernel runs arm64 programs, by QEMU.

Where the kernel knows what runs them (systemd-binfmt, with Debian's qemu-user-static), that is here.
Elsewhere it is registered in a user namespace, for this command alone: since Linux 6.7 each has rules
of its own. root has all users in it; anyone else is root there, and the only user. Exit status 77:
neither is possible.
"""

import ctypes
import os
import pathlib
import subprocess
import sys

RULES = pathlib.Path("/proc/sys/fs/binfmt_misc")
RULE = pathlib.Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
NAMESPACES = 0x00020000 | 0x10000000 | 0x20000000  # CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID
IMPOSSIBLE = 77


def run_inside():
    """The first process of the new namespaces."""
    try:
        for kind, place in (("proc", "/proc"), ("binfmt_misc", RULES)):
            subprocess.run(["mount", "-t", kind, kind, place], check=True, capture_output=True)
        (RULES / "register").write_text(RULE.read_text())
    except (OSError, subprocess.CalledProcessError):
        return IMPOSSIBLE
    done = subprocess.run(sys.argv[1:], check=False).returncode
    return done if done >= 0 else 128 - done


def separate(announce, wait):
    if ctypes.CDLL(None).unshare(NAMESPACES) != 0:
        return IMPOSSIBLE
    os.write(announce, b"x")
    os.read(wait, 1)  # until map_users() has run
    return in_child(run_inside)


def map_users(pid):
    process = pathlib.Path(f"/proc/{pid}")
    if os.geteuid() == 0:
        everyone = pathlib.Path("/proc/self/uid_map").read_text().split()
        for kind in ("uid_map", "gid_map"):
            (process / kind).write_text(f"0 0 {everyone[2]}")
    else:
        (process / "setgroups").write_text("deny")
        (process / "uid_map").write_text(f"0 {os.getuid()} 1")
        (process / "gid_map").write_text(f"0 {os.getgid()} 1")


def in_child(work, meanwhile=lambda pid: None):
    """The exit status of `work` in a process of its own."""
    pid = os.fork()
    if pid == 0:
        os._exit(work())
    meanwhile(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main():
    if not sys.argv[1:]:
        print(__doc__)
        return 2
    if (RULES / "qemu-aarch64").exists():
        os.execvp(sys.argv[1], sys.argv[1:])
    if not RULE.exists():
        print("skipped: qemu-user-static is missing (tools/setup.sh arm64)")
        return IMPOSSIBLE
    announced, announce = os.pipe()
    wait, go_on = os.pipe()

    def let_in(pid):
        os.close(announce)
        if os.read(announced, 1):
            map_users(pid)
        os.write(go_on, b"x")

    status = in_child(lambda: separate(announce, wait), let_in)
    if status == IMPOSSIBLE:
        print("skipped: this kernel runs no arm64 programs; systemd-binfmt or Linux 6.7 would")
    return status


sys.exit(main())
