#!/usr/bin/env python3
"""What `make dist` made, installed and used in clean systems: a Debian 12 and a newer Debian that
mmdebstrap lays out, the image's own root, and a folder that holds nothing at all.

    tests/dist/install_test.py --build DIR [Case.test…]

Needs root (for chroot) and Debian's packages. Systems are kept in the build folder for the next
run. Exit status 77: cannot be run here.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

FUNCTION = "functions/hello-c.wasm"
EVENT, REPLY = '{"name":"Ada"}', b'{"message":"Hello, Ada!"}'
# Its glibc and libstdc++ are newer than those of Ubuntu 24.04, as Debian 12's are older.
NEWER = "trixie"
build = None


def only(pattern):
    found, = (build / "dist").glob(pattern)
    return found


def system(name, suite, packages=""):
    """A folder with a Debian that has nothing but these packages, made once."""
    root = build / "dist-systems" / name
    if not root.exists():
        work = root.with_suffix(".work")
        shutil.rmtree(work, ignore_errors=True)
        work.parent.mkdir(exist_ok=True)
        more = [f"--include={packages}"] if packages else []
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *more, suite, work],
                       check=True)
        work.rename(root)
    return root


def run_in(root, *words, **more):
    """A command in a root of its own, with its own processes and /proc; the caller's network."""
    (root / "proc").mkdir(exist_ok=True)
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", root,
         *words],
        capture_output=True, timeout=900,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root",
             "LC_ALL": "C.UTF-8"}, **more)


class Installed(unittest.TestCase):
    def copy_of(self, root):
        """A copy that a test may change."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=build)))
        subprocess.run(["cp", "-a", "--reflink=auto", f"{root}/.", folder], check=True)
        shutil.copy(build / FUNCTION, folder / "root/hello.wasm")
        return folder

    def ok(self, root, *words):
        done = run_in(root, *words)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout!r} {done.stderr!r}")
        return done.stdout

    def use(self, root, ferry="ferry"):
        """Runs, packs and verifies a function: engines, ferry-host and emulators are all found."""
        for engine in ("wasmtime", "wasmi"):
            self.assertEqual(
                self.ok(root, ferry, "run", "/root/hello.wasm", EVENT, "--engine", engine).strip(),
                REPLY)
        self.ok(root, ferry, "pack", "/root/hello.wasm", "--for", "lambda", "-o", "/root/out")
        self.assertTrue((root / "root/out/runtime-layer.zip").exists())
        self.ok(root, ferry, "pack", "/root/hello.wasm", "--for", "openwhisk", "-o", "/root/ow")
        self.ok(root, ferry, "verify", "/root/hello.wasm", "--engine", "wasmtime", "--engine",
                "wasmi", "--platform", "http", "--platform", "lambda", "--timeout", "60s")

    def use_deb(self, root):
        deb = only("ferry_*.deb")
        shutil.copy(deb, root / "root")
        self.ok(root, "dpkg", "-i", f"/root/{deb.name}")
        self.use(root)
        self.assertTrue((root / "usr/share/man/man1/ferry-run.1").exists())
        self.assertTrue((root / "usr/share/bash-completion/completions/ferry").exists())
        self.assertIn("libsodium-dev",
                      (root / "usr/share/doc/ferry/THIRD_PARTY_NOTICES").read_text())
        self.assertEqual((root / "usr/lib/ferry").stat().st_mode & 0o777, 0o755)
        self.ok(root, "dpkg", "--purge", "ferry")
        self.assertFalse((root / "usr/lib/ferry").exists())

    def use_archive(self, root):
        subprocess.run(["tar", "-xzf", only("ferry-*-linux-*.tar.gz"), "-C", root / "opt"],
                       check=True)
        folder, = (root / "opt").iterdir()
        self.use(root, f"/opt/{folder.name}/bin/ferry")
        folder.rename(root / "opt/elsewhere")
        self.use(root, "/opt/elsewhere/bin/ferry")

    def test_deb_on_debian_12(self):
        self.use_deb(self.copy_of(system("debian-12", "bookworm")))

    def test_deb_on_a_newer_debian(self):
        self.use_deb(self.copy_of(system("debian-newer", NEWER)))

    def test_archive_on_debian_12(self):
        self.use_archive(self.copy_of(system("debian-12", "bookworm")))

    def test_archive_on_a_newer_debian(self):
        self.use_archive(self.copy_of(system("debian-newer", NEWER)))

    def test_wheel(self):
        root = self.copy_of(system("debian-12-python", "bookworm", "python3-venv"))
        wheel = only("*.whl")
        shutil.copy(wheel, root / "root")
        self.ok(root, "python3", "-m", "venv", "/root/venv")
        self.ok(root, "/root/venv/bin/pip", "install", "--no-index", f"/root/{wheel.name}")
        self.use(root, "/root/venv/bin/ferry")
        # As pipx shows it: a link from elsewhere.
        os.symlink("/root/venv/bin/ferry", root / "usr/local/bin/ferry")
        self.use(root)
        self.ok(root, "/root/venv/bin/pip", "uninstall", "--yes", "ferry")
        self.assertEqual(list((root / "root/venv").rglob("ferry-engine-*")), [])

    def test_image(self):
        """Its layers one over the other, and its entry point."""
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=build)))
        with tarfile.open(only("*-oci.tar")) as image:
            def read(digest):
                return image.extractfile("blobs/" + digest.replace(":", "/")).read()
            index = json.load(image.extractfile("index.json"))
            manifest = json.loads(read(index["manifests"][0]["digest"]))
            config = json.loads(read(manifest["config"]["digest"]))["config"]
            for layer in manifest["layers"]:
                subprocess.run(["tar", "-xz", "-C", root, "--numeric-owner"], check=True,
                               input=read(layer["digest"]))
        shutil.copy(build / FUNCTION, root / "root/hello.wasm")
        self.use(root, *config["Entrypoint"])
        self.assertIn(b"verify", self.ok(root, *config["Entrypoint"], *config["Cmd"]))
        self.ok(root, "sh", "-c", "test -s /etc/ssl/certs/ca-certificates.crt")

    def test_host_needs_nothing(self):
        """ferry-host in a folder without a C library: as on Alpine, or in an image FROM scratch."""
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=build)))
        with tarfile.open(only("ferry-*-linux-*.tar.gz")) as tar:
            for name in ("ferry-host", "ferry-host-full"):
                member, = [m for m in tar.getmembers() if m.name.endswith(f"/bin/{name}")]
                (root / name).write_bytes(tar.extractfile(member).read())
                (root / name).chmod(0o755)
                self.assertEqual(run_in(root, f"/{name}", "--help").returncode, 0)


def main():
    global build
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    options, rest = parser.parse_known_args()
    build = pathlib.Path(options.build).resolve()
    if os.geteuid() != 0 or not shutil.which("mmdebstrap") or not (build / "dist").exists():
        print("needs root, mmdebstrap (tools/setup.sh dist) and what `make dist` makes")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


main()
