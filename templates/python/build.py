"""Compiles entry.py, and with it app.py and the packages that pyproject.toml names, to @WASM@.

componentize-py comes from PyPI into .venv, unless it is in PATH already; the packages go to deps/.
"""

import pathlib
import shutil
import subprocess
import sys
import tomllib

COMPILER = "componentize-py==0.25.1"  # its CPython is 3.14
HERE = pathlib.Path(__file__).resolve().parent


def run(*words):
    print("build:", *words, file=sys.stderr)
    subprocess.run(words, cwd=HERE, check=True)


def compiler():
    own = HERE / ".venv" / ("Scripts" if sys.platform == "win32" else "bin")
    if found := shutil.which("componentize-py", path=own) or shutil.which("componentize-py"):
        return found
    run(sys.executable, "-m", "venv", ".venv")
    run(str(own / "python"), "-m", "pip", "install", "--quiet", COMPILER)
    return str(own / "componentize-py")


def install(packages):
    made = HERE / "deps" / ".made-of"
    if not packages or (made.exists() and made.read_text().splitlines() == packages):
        return
    shutil.rmtree(HERE / "deps", ignore_errors=True)
    run(sys.executable, "-m", "pip", "install", "--quiet", "--target", "deps",
        "--only-binary=:all:", "--platform=any", "--no-compile", *packages)
    made.write_text("\n".join(packages))


def main():
    project = tomllib.loads((HERE / "pyproject.toml").read_text())["project"]
    install(project.get("dependencies", []))
    deps = ["-p", "deps"] if (HERE / "deps").exists() else []
    run(compiler(), "-d", "wit", "componentize", "-p", ".", *deps, "entry", "-o", "@WASM@")


if __name__ == "__main__":
    try:
        main()
    except (subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"build: {error}")
