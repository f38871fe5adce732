"""look.py config|files|manifest PATH-OF-A-LAYOUT, look.py tarball PATH-OF-A-TAR: says what is in it, as JSON."""

import io
import json
import pathlib
import sys
import tarfile

OUTER = ("architecture", "created", "os", "variant")


class Layout:
    """An OCI image layout directory."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        assert json.loads((self.folder / "oci-layout").read_text())["imageLayoutVersion"] == "1.0.0"
        links = [path for path in self.folder.rglob("*/sha256/*") if path.is_symlink() and not path.resolve().is_file()]
        assert not links, f"blobs that are links to nothing: {links}"
        (self.root,) = json.loads((self.folder / "index.json").read_text())["manifests"]

    def blob(self, descriptor):
        path = self.folder.joinpath("blobs", *descriptor["digest"].split(":"))
        content = path.read_bytes()
        assert len(content) == descriptor["size"], path
        return content

    def document(self, descriptor):
        return json.loads(self.blob(descriptor))


def config(layout):
    """The config, without the history and what follows from the layers."""
    found = layout.document(layout.document(layout.root)["config"])
    return found.get("config", {}) | {key: found[key] for key in OUTER if key in found}


def files(layout):
    """What is in the regular files of all layers, the upper over the lower ones."""
    found = {}
    for layer in layout.document(layout.root)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(layout.blob(layer))) as archive:
            for member in archive:
                if member.isreg():
                    found[member.name.removeprefix("./")] = archive.extractfile(member).read().decode()
    return found


def manifest(layout):
    """What it names, and its annotations."""
    document = layout.document(layout.root)
    found = {"annotations": document["annotations"]} if "annotations" in document else {}
    if "layers" in document:
        return found | {"layers": len(document["layers"])}
    platforms = [entry["platform"] for entry in document["manifests"]]
    return found | {
        "platforms": sorted("/".join(p[key] for key in ("os", "architecture", "variant") if key in p) for p in platforms)
    }


def tarball(path):
    """What `docker load` would make of it."""
    with tarfile.open(path) as archive:
        (image,) = json.load(archive.extractfile("manifest.json"))
        for layer in image["Layers"]:
            assert archive.getmember(layer).size > 0, layer
        return {
            "config": json.load(archive.extractfile(image["Config"])).get("config", {}),
            "layers": len(image["Layers"]),
            "tags": image["RepoTags"],
        }


def main(command, path):
    found = tarball(path) if command == "tarball" else globals()[command](Layout(path))
    print(json.dumps(found, indent=1, sort_keys=True))


main(*sys.argv[1:])
