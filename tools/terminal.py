#!/usr/bin/env python3
"""Draws docs/terminal.svg: a terminal with a few commands and what they really print.

    tools/terminal.py --build build [--out docs/terminal.svg]

The commands are run, on the C sample function, and their output is drawn as text. Durations are
left out of it and digests are cut short; nothing else is changed.
"""
import argparse
import html
import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMANDS = [
    """ferry run hello.wasm '{"name":"Ada"}'""",
    """ferry run hello.wasm '{"name":"Ada"}' --platform lambda""",
    """ferry verify hello.wasm --engine wasmtime""",
]
WIDTH, LINE, TOP, LEFT = 100, 19, 52, 18  # characters; units
STYLE = """
text{font:13.5px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#d8dae5;white-space:pre}
.prompt{fill:#8b8fa3}.command{fill:#ffffff;font-weight:600}.good{fill:#7fd6a4}.note{fill:#e6c37a}
"""


def lines_of(build):
    """Pairs of a CSS class and a line."""
    out = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "hello.wasm").write_bytes((build / "functions" / "hello-c.wasm").read_bytes())
        env = dict(os.environ, PATH=f"{build / 'bin'}:{os.environ['PATH']}")
        for command in COMMANDS:
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, text=True, check=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            out.append(("command", command))
            for line in done.stdout.rstrip("\n").split("\n"):
                line = re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}", r"\1…", line)
                style = ("good" if line.startswith(("all the same", "It will run")) else
                         "note" if re.match(r"\(\d+\) ", line) else "")
                out.append((style, line if len(line) <= WIDTH else line[:WIDTH - 1] + "…"))
            out.append(("", ""))
    return out[:-1]


def svg_of(lines):
    height = TOP + LINE * len(lines) + 14
    width = LEFT * 2 + int(WIDTH * 8.13)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
           f'aria-label="A terminal"><style>{STYLE}</style>',
           f'<rect width="{width}" height="{height}" rx="10" fill="#1b1d27"/>']
    for at, colour in enumerate(("#e5675f", "#e3b341", "#57b66a")):
        out.append(f'<circle cx="{24 + at * 20}" cy="22" r="6" fill="{colour}"/>')
    for number, (style, line) in enumerate(lines):
        text = html.escape(line, quote=False)
        if style == "command":
            text = f'<tspan class="prompt">$ </tspan>{text}'
        kind = f' class="{style}"' if style else ""
        out.append(f'<text x="{LEFT}" y="{TOP + LINE * number}" xml:space="preserve"{kind}>{text}</text>')
    return "\n".join(out) + "\n</svg>\n"


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--build", type=pathlib.Path, required=True)
    ask.add_argument("--out", type=pathlib.Path, default=ROOT / "docs" / "terminal.svg")
    given = ask.parse_args()
    given.out.write_text(svg_of(lines_of(given.build.resolve())))


if __name__ == "__main__":
    main()
