"""Prints azure-batch-schema.json: the closed definitions of what examples/azure-batch sends.

    pip download --no-deps azure-batch==15.1.0 azure-mgmt-batch==19.0.0 && unzip -qo '*.whl'
    python3 azure-batch-schema.py > azure-batch-schema.json

The models of Microsoft's Python clients are generated from the REST specifications. They are read here, not run.
"""

import ast
import json
import pathlib
import sys

PLAIN = {"str": "string", "bool": "boolean", "int": "integer", "float": "number", "datetime.timedelta": "duration",
         "datetime.datetime": "date-time"}


def classes(package, file):
    tree = ast.parse(pathlib.Path(package, "models", file).read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


class Package:
    def __init__(self, folder):
        self.models = classes(folder, "_models.py")
        enums = classes(folder, "_enums.py")
        self.enums = {name: [ast.literal_eval(item.value) for item in node.body if isinstance(item, ast.Assign)]
                      for name, node in enums.items()}
        self.definitions = {}

    def define(self, name):
        """Adds a model and all that it refers to. Only what a caller may send is a member of it."""
        if name in self.definitions:
            return
        entry = self.definitions[name] = {"required": [], "properties": {}}
        for item in self.members(name):
            words = {word.arg: ast.literal_eval(word.value) for word in item.value.keywords if word.arg in ("name", "visibility")}
            if words.get("visibility") == ["read"]:
                continue
            member = words.get("name", item.target.id)
            text = ast.unparse(item.annotation)
            entry["properties"][member] = self.type_of(text)
            if not text.startswith("Optional["):
                entry["required"].append(member)

    def members(self, name):
        node = self.models[name]
        bases = [base.attr if isinstance(base, ast.Attribute) else base.id for base in node.bases]
        inherited = [item for base in bases if base in self.models for item in self.members(base)]
        own = [item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Call)
               and item.value.func.id in ("rest_field", "rest_discriminator")]
        return inherited + own

    def type_of(self, text):
        text = text.replace("'", "").replace('"', "")
        for start, make in (("Optional[", lambda inner: self.type_of(inner)),
                            ("list[", lambda inner: {"items": self.type_of(inner)}),
                            ("dict[str, ", lambda inner: {"values": self.type_of(inner)})):
            if text.startswith(start):
                return make(text[len(start):-1])
        if text.startswith("Union["):
            enum = next(part.split(".")[-1].strip() for part in text[6:-1].split(",") if "_models." in part)
            return {"enum": self.enums[enum]}
        name = text.split(".")[-1]
        if name in self.enums:
            return {"enum": self.enums[name]}
        if name in self.models:
            self.define(name)
            return {"ref": name}
        return {"type": PLAIN.get(text, "any")}


def definitions(folder, root):
    package = Package(folder)
    package.define(root)
    return dict(sorted(package.definitions.items()))


if __name__ == "__main__":
    note = {"madeBy": "azure-batch-schema.py", "license": "MIT, Copyright (c) Microsoft Corporation"}
    json.dump({**note, "apiVersion": "2025-06-01",
               "job": {"source": "azure-batch 15.1.0 (PyPI)", "root": "BatchJobCreateOptions",
                       "definitions": definitions("azure/batch", "BatchJobCreateOptions")},
               "task": {"source": "azure-batch 15.1.0 (PyPI)", "root": "BatchTaskCreateOptions",
                        "definitions": definitions("azure/batch", "BatchTaskCreateOptions")},
               "pool": {"source": "azure-mgmt-batch 19.0.0 (PyPI)", "root": "Pool",
                        "definitions": definitions("azure/mgmt/batch", "Pool")}},
              sys.stdout, indent=1)
    sys.stdout.write("\n")
