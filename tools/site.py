"""MkDocs' hooks (mkdocs.yml): what GitHub shows of this repository, as a site.

Pages outside of docs/ become pages of the site, source files that a page links to are put beside
them, links between files are turned to where these lie, marks for tests/docs/run_blocks.py are left
out, and the engine comparison's plots are made by `ferry compare` ($FERRY, or build/bin/ferry).
"""

import os
import pathlib
import posixpath
import re
import subprocess

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Of the site → of the repository.
OUTSIDE = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security-policy.md": "SECURITY.md",
    "functions.md": "functions/README.md",
}
SITE_OF = {source: page for page, source in OUTSIDE.items()}
FORMATS = "formats/index.md"
PLOTS = "compare.html"
STYLE = """\
/* Wide tables scroll by themselves, so names in them need not be broken in the middle of a word. */
.md-typeset__table { max-width: 100%; overflow-x: auto; }
.md-typeset td code, .md-typeset th code { word-break: normal; }
.md-typeset table:not([class]) th { min-width: 0; }
.ferry-plots { width: 100%; height: 80vh; border: 1px solid var(--md-default-fg-color--lightest); }
"""

LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)\s]*)?\))")
FENCE = re.compile(r"^(```.*?^```$)", re.S | re.M)
MARK = re.compile(r"^<!-- (?:run|not run|before)\b.*?-->\n", re.S | re.M)


def source_of(page):
    """A page's file, relative to the repository."""
    return OUTSIDE.get(page, f"docs/{page}")


def place_of(target):
    """Where a file or folder of the repository is on the site."""
    target = target.rstrip("/")
    if target in SITE_OF:
        return SITE_OF[target]
    if target == "docs/formats":
        return FORMATS
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return f"source/{target}"


def is_ours(link):
    return not re.match(r"[a-z]+:|/", link)


def targets(text, page):
    """The files of the repository that a page's links name."""
    folder = posixpath.dirname(source_of(page))
    parts = FENCE.split(text)[::2]
    return [posixpath.normpath(posixpath.join(folder, link))
            for part in parts for _, link, _ in LINK.findall(part) if is_ours(link)]


def turn_links(text, page):
    folder = posixpath.dirname(source_of(page))

    def turn(match):
        if not is_ours(match[2]):
            return match[0]
        place = place_of(posixpath.normpath(posixpath.join(folder, match[2])))
        return match[1] + posixpath.relpath(place, posixpath.dirname(page) or ".") + match[3]

    parts = FENCE.split(text)
    parts[::2] = [LINK.sub(turn, part) for part in parts[::2]]
    return "".join(parts)


def title_of(path):
    return path.read_text().splitlines()[0].removeprefix("# ")


def formats_page():
    pages = sorted((ROOT / "docs/formats").glob("*.md"))
    lines = [f"- [{title_of(path)}]({path.name})" for path in pages]
    return "# Formats\n\nThe formats that ferry defines.\n\n" + "\n".join(lines) + "\n"


def plots():
    ferry = os.environ.get("FERRY", ROOT / "build/bin/ferry")
    out = ROOT / "build" / PLOTS
    figures = ROOT / "docs/data/compare.json"
    done = subprocess.run([ferry, "compare", "--from", figures, "--html", out],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise PluginError(f"ferry compare --html: {done.stderr}")
    return out.read_text()


def on_files(files, config):
    def add(uri, content):
        files.append(File.generated(config, uri, content=content))

    for page, source in OUTSIDE.items():
        add(page, (ROOT / source).read_text())
    add(FORMATS, formats_page())
    add("site.css", STYLE)
    add(PLOTS, plots())
    linked = {target for file in files.documentation_pages() if file.src_uri != FORMATS
              for target in targets(file.content_string, file.src_uri)}
    for target in sorted(linked):
        if place_of(target).startswith("source/") and (ROOT / target).is_file():
            add(place_of(target), (ROOT / target).read_text())
    # A page that nobody has put in mkdocs.yml yet is still found.
    named = str(config.nav)
    pages = [file.src_uri for file in files.documentation_pages()]
    rest = [page for page in pages if f"'{page}'" not in named]
    if rest:
        config.nav.append({"More": sorted(rest)})
    return files


def on_page_markdown(markdown, page, **_):
    uri = page.file.src_uri
    if uri != FORMATS:
        markdown = turn_links(MARK.sub("", markdown), uri)
    if uri == "engines.md":
        markdown += (f"\n## Plots\n\nThe figures above; [on a page of their own]({PLOTS}).\n\n"
                     f'<iframe class="ferry-plots" src="{PLOTS}" title="The engines compared">'
                     "</iframe>\n")
    return markdown
