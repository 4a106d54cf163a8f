#!/usr/bin/env python3
"""Checks that the documents say of modules and libraries what the build and the sources say.

docs/architecture.md: the table of modules has each module of CMake, with what it stands on, and no
other; and each module includes something of each module that it says it stands on. The modules of
single platforms are one row, and nothing includes a platform's headers but that platform and those
that name it in their line of cmake/FerryPlatforms.cmake.
docs/dependencies.md: each library whose headers src/ includes is in the table of what is linked,
and each row of that table is included somewhere.
src/engines: the version in an engine's fingerprint is the one that its Cargo.toml pins, and the one in
docs/engines.md and docs/dependencies.md.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ("*.cc", "*.h")

# Header → the row of docs/dependencies.md; the first that fits. What is not listed is of the C or
# C++ library.
LIBRARIES = {
    "boost/json": "Boost: JSON, URL",
    "boost/url": "Boost: JSON, URL",
    "boost": "Boost: a library that nothing else needs",
    "CLI": "CLI11",
    "toml++": "toml++",
    "fmt": "fmt",
    "sodium": "libsodium",
    "curl": "libcurl",
    "zlib": "zlib",
    "libdeflate": "libdeflate",
    "ares": "c-ares",
    "mbedtls": "Mbed TLS",
    "wasmtime": "wasmtime (crate `wasmtime-c-api-impl`)",
}


def modules():
    """Module → (folder, modules it depends on), as CMake has them; not those of one platform."""
    found = {}
    files = [*ROOT.glob("src/*/CMakeLists.txt"), ROOT / "cmake" / "FerryPlatforms.cmake"]
    for file in files:
        for call in re.findall(r"^ferry_module\((.*?)\)", file.read_text(), re.M | re.S):
            words = call.split()
            name, path, depends, into = words[0], words[0], [], None
            for word in words[1:]:
                if word in ("PATH", "DEPENDS", "PRIVATE_DEPENDS", "LIBRARIES"):
                    into = word.removeprefix("PRIVATE_")
                elif into == "PATH":
                    path = word
                elif into == "DEPENDS":
                    depends.append(word)
            found[name] = (path, depends)
    return found


def of_platforms():
    """What the modules of single platforms depend on beside each other."""
    text = (ROOT / "cmake" / "FerryPlatforms.cmake").read_text()
    calls = re.findall(r"^ +ferry_module\(\w+_\$\{name\} .*? DEPENDS ([^)]*)\)", text, re.M | re.S)
    words = [word for call in calls for word in call.partition("LIBRARIES")[0].split()]
    words += [word for call in re.findall(r"^ferry_platform\(\w+([^)]*)\)", text, re.M)
              for word in call.partition("LIBRARIES")[0].split()]
    return sorted({word for word in words if "$" not in word and group(word) == word})


def includes(folder):
    """Every include of the folder's own files and of those below."""
    for pattern in SOURCES:
        for file in (ROOT / "src" / folder).rglob(pattern):
            yield from re.findall(r'^#include ["<]([^">]+)[">]', file.read_text(), re.M)


def table(file, heading):
    """Rows of the first table below a heading, as lists of cells."""
    text = (ROOT / file).read_text().split(heading, 1)[1]
    rows = []
    for line in text.splitlines():
        if line.startswith("|"):
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
        elif rows:
            break
    return rows[2:]


def group(name):
    """How the table names what is of single platforms, and the lists of these."""
    return "platforms/*" if re.fullmatch(r"(platform|emulator|packaging|deploy)_.+", name) else name


def check_modules(problems):
    built = modules()
    listed = {}
    for row in table("docs/architecture.md", "## The modules"):
        name = row[0].strip("`")
        listed[name] = sorted(re.findall(r"`([^`]+)`", row[2]))
    for name, (folder, depends) in built.items():
        says = listed.get(name)
        is_so = sorted({group(each) for each in depends})
        if says is None:
            problems.append(f"docs/architecture.md has no row for the module {name}")
        elif says != is_so:
            problems.append(f"docs/architecture.md says that {name} stands on {says}, "
                            f"CMake says {is_so}")
        used = set(includes(folder))
        for each in depends:
            kind = each.removesuffix("_list")  # the list of a kind stands in the kind's folder
            path = built[kind][0] if kind in built else "platforms"
            if not any(header.startswith(path + "/") for header in used):
                problems.append(f"{name} depends on {each} and includes nothing of it")
    if listed.get("platforms/*") != of_platforms():
        problems.append(f"docs/architecture.md says that platforms/* stand on "
                        f"{listed.get('platforms/*')}, CMake says {of_platforms()}")
    for name in listed:
        if name not in built and not name.endswith("/*"):
            problems.append(f"docs/architecture.md has a row for {name}, which is no module")


def check_platforms(problems):
    text = (ROOT / "cmake" / "FerryPlatforms.cmake").read_text()
    lines = dict(re.findall(r"^ferry_platform\((\w+)([^)]*)\)", text, re.M))
    for pattern in SOURCES:
        for file in (ROOT / "src").rglob(pattern):
            place = file.relative_to(ROOT / "src").parts
            own = place[1] if place[0] == "platforms" and len(place) > 2 else ""
            for used in re.findall(r'^#include "platforms/(\w+)/', file.read_text(), re.M):
                if used != own and f"platform_{used}" not in lines.get(own, "").split():
                    problems.append(f"{file.relative_to(ROOT)} includes a header of the platform "
                                    f"{used}, which it may not know")


def check_libraries(problems):
    used = set()
    for header in includes("."):
        for prefix, row in LIBRARIES.items():
            if re.match(re.escape(prefix) + r"(/|\.h)", header):
                used.add(row)
                break
    rows = {row[0] for row in table("docs/dependencies.md", "## Linked into what users run")}
    for row in sorted(used - rows):
        problems.append(f"docs/dependencies.md has no row '{row}', and src/ includes it")
    for row in sorted(rows - used):
        problems.append(f"docs/dependencies.md has a row '{row}', and nothing in src/ includes it "
                        "(a new library also needs a line in tools/check_modules.py)")


def check_versions(problems):
    """The version that an engine puts into fingerprints is the one that Cargo.toml pins."""
    for source in ROOT.glob("src/engines/*/lib.rs"):
        said = re.search(r'^const VERSION: &str = "([^"]+)";', source.read_text(), re.M)
        if said and f'"={said[1]}"' not in (source.parent / "Cargo.toml").read_text():
            problems.append(f"{source.relative_to(ROOT)} says version {said[1]}, which its "
                            "Cargo.toml does not pin")
    # As the docs have it: the first of an engine's crates, at the version that is pinned.
    pinned = {}
    for engine in ("wasmtime", "wasmer", "wasmi"):
        text = (ROOT / "src/engines" / engine / "Cargo.toml").read_text()
        pinned[engine] = re.search(rf'^{engine}[-\w]* = .*?"=([^"]+)"', text, re.M)[1]
    pinned["Lucet"] = re.search(r'^const VERSION: &str = "([^"]+)";',
                                (ROOT / "src/engines/lucet/lib.rs").read_text(), re.M)[1]
    engines = (ROOT / "docs/engines.md").read_text()
    row = "| | " + " | ".join(f"{name} {pinned[name]}" for name in ("wasmtime", "wasmer", "Lucet", "wasmi")) + " |"
    if row not in engines:
        problems.append(f"docs/engines.md has no table that begins '{row}'")
    for row in table("docs/dependencies.md", "## Linked into what users run"):
        if row[0].startswith("wasmtime") and row[1] != pinned["wasmtime"]:
            problems.append(f"docs/dependencies.md says wasmtime {row[1]}, pinned is {pinned['wasmtime']}")
    # What either compiles is run by the same ferry-host.
    locks = [set(re.findall(r'^name = "([^"]+)"\nversion = "([^"]+)"\nsource', path.read_text(), re.M))
             for path in (ROOT / "src/engines/wasmtime" / name / "Cargo.lock"
                          for name in ("", "cross"))]
    if locks[0] != locks[1]:
        problems.append("src/engines/wasmtime/Cargo.lock and cross/Cargo.lock differ: "
                        f"{sorted(locks[0] ^ locks[1])}")


def main():
    problems = []
    check_versions(problems)
    check_modules(problems)
    check_platforms(problems)
    check_libraries(problems)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
