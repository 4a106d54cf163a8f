"""A container image of several layers as an OCI image layout (image-spec 1.0) in a tar, with the
manifest.json that `docker load` reads. For tools/dist.py, whose base is a whole Debian with links
and owners; the images of functions, one layer of plain files, are written by src/package/image.cc.
"""

import datetime
import gzip
import hashlib
import io
import json
import tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def zipped(data):
    out = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=out, mode="wb", mtime=0) as packed:
        packed.write(data)
    return out.getvalue()


def image(variants, epoch, tag, labels):
    """`variants` maps an architecture to its layers, tars, the lowest first; of several the first is
    what `docker load` takes without containerd's image store. Returns the image's tar."""
    time = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).isoformat()
    blobs = {}

    def keep(data, kind):
        blobs[digest(data)] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    def text(value):
        return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()

    def path(blob):
        return "blobs/" + blob["digest"].replace(":", "/")

    def index(manifests):
        return text({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})

    manifests, docker = [], []
    for architecture, layers in variants.items():
        config = keep(text({
            "architecture": architecture, "os": "linux", "created": time,
            "config": {"Entrypoint": ["/usr/bin/ferry"], "Cmd": ["help"], "WorkingDir": "/work",
                       "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
            "history": [{"created": time, "created_by": "make dist"} for _ in layers]}), CONFIG)
        packed = [keep(zipped(layer), LAYER) for layer in layers]
        manifest = keep(text({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                              "layers": packed}), MANIFEST)
        manifests.append(manifest | {"platform": {"architecture": architecture, "os": "linux"}})
        docker.append({"Config": path(config), "RepoTags": [tag],
                       "Layers": [path(layer) for layer in packed]})
    named = manifests[0] if len(manifests) == 1 else keep(index(manifests), INDEX)
    named["annotations"] = {"org.opencontainers.image.ref.name": tag}
    files = {"oci-layout": text({"imageLayoutVersion": "1.0.0"}), "index.json": index([named]),
             "manifest.json": text(docker[:1])}
    files |= {"blobs/" + name.replace(":", "/"): data for name, data in blobs.items()}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in ("blobs", "blobs/sha256"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        for name in sorted(files):
            info = tarfile.TarInfo(name)
            info.size = len(files[name])
            tar.addfile(info, io.BytesIO(files[name]))
    return out.getvalue()
