#!/usr/bin/env python3
"""The docs' site (`make docs`) in Chromium, at a phone's and a desktop's width: nothing on any page
reaches past the window's edge, except inside a box that scrolls by itself.

    tests/docs/width_test.py --build DIR [--shots FOLDER] [PAGE.html…]

--shots: writes a picture of each page named, at both widths. Exit status 77: no site, or no browser.
"""

import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "workbench"))
import browser  # noqa: E402

WIDTHS = (390, 1280)
# Names what is cut off or widens the page. The drawers of the theme lie beside the window on purpose.
REACHING = """
const width = window.innerWidth, found = [];
const scrolls = element => {
  for (let each = element; each && each !== document.body; each = each.parentElement)
    if (['auto', 'scroll'].includes(getComputedStyle(each).overflowX)) return true;
  return false;
};
if (document.documentElement.scrollWidth > width)
  found.push(`the page is ${document.documentElement.scrollWidth} pixels wide`);
for (const each of document.querySelectorAll('.md-content *, .md-footer *, .md-header__title')) {
  const box = each.getBoundingClientRect();
  if (box.width && box.right > width + 1 && !scrolls(each))
    found.push(`<${each.localName}> ends at ${Math.round(box.right)}: ` +
               each.textContent.trim().slice(0, 60));
}
return found.slice(0, 5);
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--shots", type=pathlib.Path)
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    site = options.build.resolve() / "site"
    pages = [site / page for page in options.pages] or sorted(
        page for page in site.rglob("*.html") if page.name not in ("404.html", "compare.html"))
    lacking = browser.missing() or (None if pages else f"{site} (make docs)")
    if lacking:
        print(f"skipped: {lacking} is missing")
        sys.exit(77)
    bad = 0
    with tempfile.TemporaryDirectory() as folder, browser.Browser(folder) as window:
        for width in WIDTHS:
            window.resize(width, 844)
            for page in pages:
                window.go(page.as_uri())
                for finding in window.run(REACHING):
                    bad += 1
                    print(f"{page.relative_to(site)}, {width} pixels: {finding}")
                if options.shots:
                    name = page.relative_to(site).as_posix().replace("/", "-")
                    window.shot(options.shots / f"{name.removesuffix('.html')}-{width}.png")
    print(f"{len(pages)} pages at {len(WIDTHS)} widths: {bad} things reach past the edge")
    sys.exit(1 if bad else 0)


main()
