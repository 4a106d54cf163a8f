#!/usr/bin/env python3
"""What `make dist` made, installed and used in clean systems: a Debian 12 and a newer Debian that
mmdebstrap lays out, the image's own root, and a folder that holds nothing at all.

    tests/dist/install_test.py --build DIR [Case.test…]

What was made for arm64 (make arm64-ferry dist) likewise, under QEMU. Needs root (for chroot) and
Debian's packages. Systems are kept in the build folder for the next run. Exit status 77: cannot be
run here.
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
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
build = None


def only(pattern):
    found, = (build / "dist").glob(pattern)
    return found


def system(name, suite, architecture, packages=""):
    """A folder with a Debian that has nothing but these packages, made once."""
    root = build / "dist-systems" / f"{name}-{architecture}"
    if not root.exists():
        work = root.with_suffix(".work")
        shutil.rmtree(work, ignore_errors=True)
        work.parent.mkdir(exist_ok=True)
        more = [f"--include={packages}"] if packages else []
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase",
                        f"--architectures={architecture}", *more, suite, work], check=True)
        work.rename(root)
    return root


def run_in(root, *words, **more):
    """A command in a root of its own, with its own processes and /proc; the caller's network and
    devices."""
    for name in ("proc", "dev"):
        (root / name).mkdir(exist_ok=True)
    enter = 'mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "sh", "-c", enter,
         root, *words],
        capture_output=True, timeout=900,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": "/root",
             "LC_ALL": "C.UTF-8"}, **more)


class Installed(unittest.TestCase):
    architecture, machine = "amd64", "x86_64"

    def copy_of(self, root):
        """A copy that a test may change; without devices, which no user namespace makes."""
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=build)))
        parts = [path for path in root.iterdir() if path.name != "dev"]
        subprocess.run(["cp", "-a", "--reflink=auto", *parts, folder], check=True)
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
        deb = only(f"ferry_*_{self.architecture}.deb")
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
        archive = only(f"ferry-*-linux-{self.machine}.tar.gz")
        subprocess.run(["tar", "-xzf", archive, "-C", root / "opt"], check=True)
        folder, = (root / "opt").iterdir()
        self.use(root, f"/opt/{folder.name}/bin/ferry")
        folder.rename(root / "opt/elsewhere")
        self.use(root, "/opt/elsewhere/bin/ferry")

    def test_deb_on_debian_12(self):
        self.use_deb(self.copy_of(system("debian-12", "bookworm", self.architecture)))

    def test_deb_on_a_newer_debian(self):
        self.use_deb(self.copy_of(system("debian-newer", NEWER, self.architecture)))

    def test_archive_on_debian_12(self):
        self.use_archive(self.copy_of(system("debian-12", "bookworm", self.architecture)))

    def test_archive_on_a_newer_debian(self):
        self.use_archive(self.copy_of(system("debian-newer", NEWER, self.architecture)))

    def test_wheel(self):
        root = self.copy_of(system("debian-12-python", "bookworm", self.architecture,
                                   "python3-venv"))
        wheel = only(f"*_{self.machine}.whl")
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
            named = index["manifests"][0]
            if named["mediaType"].endswith("index.v1+json"):  # of several architectures
                named, = [each for each in json.loads(read(named["digest"]))["manifests"]
                          if each["platform"]["architecture"] == self.architecture]
            manifest = json.loads(read(named["digest"]))
            config = json.loads(read(manifest["config"]["digest"]))["config"]
            for layer in manifest["layers"]:
                # Devices are the container engine's, and no user namespace makes them.
                subprocess.run(["tar", "-xz", "-C", root, "--numeric-owner", "--exclude=./dev/*"],
                               check=True, input=read(layer["digest"]))
        shutil.copy(build / FUNCTION, root / "root/hello.wasm")
        self.use(root, *config["Entrypoint"])
        self.assertIn(b"verify", self.ok(root, *config["Entrypoint"], *config["Cmd"]))
        self.ok(root, "sh", "-c", "test -s /etc/ssl/certs/ca-certificates.crt")

    def test_host_needs_nothing(self):
        """ferry-host in a folder without a C library: as on Alpine, or in an image FROM scratch."""
        root = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir=build)))
        with tarfile.open(only(f"ferry-*-linux-{self.machine}.tar.gz")) as tar:
            for name in ("ferry-host", "ferry-host-full"):
                member, = [m for m in tar.getmembers() if m.name.endswith(f"/bin/{name}")]
                (root / name).write_bytes(tar.extractfile(member).read())
                (root / name).chmod(0o755)
                self.assertEqual(run_in(root, f"/{name}", "--help").returncode, 0)


class InstalledOnArm64(Installed):
    architecture, machine = "arm64", "aarch64"
    # Emulated, a system takes minutes to lay out.
    test_deb_on_a_newer_debian = test_archive_on_a_newer_debian = None

    @classmethod
    def setUpClass(cls):
        if not list((build / "dist").glob("*_arm64.deb")):
            raise unittest.SkipTest("build/dist has nothing for arm64: make arm64-ferry dist")
        if subprocess.run(["arch-test", "arm64"], capture_output=True, check=False).returncode != 0:
            raise unittest.SkipTest("this kernel runs no arm64 programs (tools/with_arm64.py)")


def main():
    global build
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    options, rest = parser.parse_known_args()
    build = pathlib.Path(options.build).resolve()
    if os.geteuid() != 0 or not shutil.which("mmdebstrap") or not (build / "dist").exists():
        print("needs root, mmdebstrap (tools/setup.sh dist) and what `make dist` makes")
        sys.exit(77)
    inside = "FERRY_WITH_ARM64"
    if list((build / "dist").glob("*_arm64.deb")) and inside not in os.environ:
        done = subprocess.run([ROOT / "tools/with_arm64.py", *sys.argv], check=False,
                              env={**os.environ, inside: "1"}).returncode
        if done != 77:
            sys.exit(done)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


main()
