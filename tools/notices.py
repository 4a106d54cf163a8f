#!/usr/bin/env python3
"""tools/notices.py OUT ENGINE...: writes the licences of what is linked into ferry, ferry-host and
these engines: of the Rust crates and of Debian's libraries, each text once, with what it is of.
Asks cargo, for each engine's Cargo.lock; works from what the build has already downloaded.
"""

import argparse

import linked


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", metavar="OUT", help="the file to write")
    parser.add_argument("engines", nargs="*", metavar="ENGINE", help="folders of src/engines")
    given = parser.parse_args()
    out_path, engines = given.out, given.engines
    packages = {}
    for engine in engines:
        for package, texts in linked.engine_crates(engine):
            licence = package["license"] or "see its licence file"
            packages[package["name"], package["version"]] = (licence, texts)
    owners = {}
    debian = 0
    with open(out_path, "w", encoding="utf-8") as out:
        out.write("Rust crates linked into ferry's engines\n\n")
        for (name, version), (licence, texts) in sorted(packages.items()):
            out.write(f"{name} {version}: {licence}\n")
            for text in texts:
                owners.setdefault(text, []).append(f"{name} {version}")
        out.write("\nLibraries of Debian linked into ferry and ferry-host\n\n")
        for name, version in linked.debian_packages():
            text = linked.debian_licence(name)
            if text is not None:
                debian += 1
                out.write(f"{name} {version}\n")
                owners.setdefault(text, []).append(f"{name} {version}")
        for text, names in sorted(owners.items(), key=lambda item: item[1]):
            out.write("\n" + "-" * 80 + "\n" + ", ".join(names) + "\n\n" + text + "\n")
    print(f"notices: {len(packages)} crates, {debian} Debian packages")


main()
