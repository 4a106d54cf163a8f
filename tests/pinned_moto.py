"""moto, which plays AWS's services for tests: a pinned version in a folder of its own."""

import os
import pathlib
import subprocess
import venv

VERSION = "5.2.5"


def folder():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    return cache / "ferry-tests" / f"moto-{VERSION}"


def server(install):
    """The program moto_server, or None where it is not there and `install` is false."""
    program = folder() / "bin/moto_server"
    if not program.exists():
        if not install:
            return None
        venv.create(folder(), with_pip=True)
        subprocess.run([folder() / "bin/pip", "install", "--quiet", f"moto[server]=={VERSION}"], check=True)
    return program
