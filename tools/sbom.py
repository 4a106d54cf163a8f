#!/usr/bin/env python3
"""tools/sbom.py OUT VERSION EPOCH FILE... -- ENGINE...: a CycloneDX 1.6 bill of materials of the
release whose files these are: their SHA-256, the Rust crates of these engines, and the Debian
packages that were linked. Written and checked against the schema by cyclonedx-python-lib, which
tools/setup.sh dist installs. The same input gives the same bytes.
"""

import datetime
import hashlib
import pathlib
import sys
import uuid

import linked

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def crate(package):
    name, version = package["name"], package["version"]
    # "MIT/Apache-2.0" is how older crates write OR.
    words = (package["license"] or "").replace("/", " OR ")
    return Component(
        type=ComponentType.LIBRARY, name=name, version=version, bom_ref=f"cargo:{name}@{version}",
        purl=PackageURL("cargo", None, name, version),
        licenses=[LicenseFactory().make_from_string(words)] if words else [])


def debian(name, version):
    return Component(
        type=ComponentType.LIBRARY, name=name, version=version, bom_ref=f"deb:{name}@{version}",
        purl=PackageURL("deb", "debian", name, version, {"arch": "amd64"}))


def artefact(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(type=ComponentType.FILE, name=path.name, bom_ref=f"file:{path.name}",
                     hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)])


def main():
    split = sys.argv.index("--")
    out, version, epoch, *files = sys.argv[1:split]
    files = [artefact(pathlib.Path(file)) for file in files]
    crates = {(p["name"], p["version"]): p for engine in sys.argv[split + 1:]
              for p, _ in linked.engine_crates(engine)}
    libraries = [crate(crates[key]) for key in sorted(crates)]
    libraries += [debian(*package) for package in linked.debian_packages()]

    bom = Bom(components=[*files, *libraries])
    bom.metadata.component = Component(
        type=ComponentType.APPLICATION, name="ferry", version=version, bom_ref="ferry",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")])
    bom.register_dependency(bom.metadata.component, libraries)
    # A serial number and a time are asked for; these follow from the contents.
    seed = version + "".join(h.content for file in files for h in file.hashes)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, seed)
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)

    text = JsonV1Dot6(bom).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong:
        sys.exit(f"sbom: not valid CycloneDX 1.6: {wrong}")
    pathlib.Path(out).write_text(text + "\n")
    print(f"sbom: {len(crates)} crates, {len(libraries) - len(crates)} Debian packages")


main()
