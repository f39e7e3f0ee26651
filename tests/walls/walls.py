"""The walls of the house: who may include and link whom, and that each type has one home. DESIGN's folder list, as a table that is held against the tree."""
import pathlib
import re

# A folder may include and link those that stand above it.
ORDER = ["base", "model", "manifest", "git", "driver", "plan", "ledger", "apply", "reconcile", "service", "cli"]
# Folders with less: what they may have, whole.
NARROW = {
    "reconciler/base": set(),
    "reconciler/model": {"base"},
    "reconciler/plan": {"base", "model"},
    "reconciler/driver": {"base", "model"},
    "reconciler/helper": {"base"},
}
# Plugins see the seam, and their own folders in this order.
PLUGIN_SEES = {"base", "model", "driver"}
PLUGIN_ORDER = {"docker": ["client", "compose", "discover", "services", "images", "tasks"], "files": [], "probe": []}
# A third-party header belongs to one folder. YAML has two: manifests are ours, compose files are Compose's.
OWNERS = {
    r"yaml-cpp/": {"reconciler/manifest", "plugins/docker/compose"},
    r"git2": {"reconciler/helper"},
    r"curl/": {"reconciler/helper"},
    r"sqlite3": {"reconciler/ledger"},
    r"CLI/": {"reconciler/cli"},
    r"spdlog/": {"reconciler/base"},
    r"nettle/": {"reconciler/base"},
    r"boost/json": {"reconciler/base"},
    r"boost/beast": {"plugins/docker/client", "plugins/docker/compose"},
    r"tl/expected": {"reconciler/base"},
}
LINK_OWNERS = {
    "yaml": {"reconciler/manifest", "plugins/docker/compose"},
    "PkgConfig::LIBGIT2": {"reconciler/helper"},
    "PkgConfig::LIBCURL": {"reconciler/helper"},
    "PkgConfig::NETTLE": {"reconciler/base"},
    "sqlite": {"reconciler/ledger"},
    "CLI11::CLI11": {"reconciler/cli"},
}


def folder_of(path):
    """`reconciler/plan` for reconciler/plan/order.cpp; `reconciler/reconcile` for what stands between apply and service."""
    parts = path.parts
    if parts[0] == "reconciler":
        if len(parts) == 2:
            return "reconciler/main" if parts[1] == "main.cpp" else "reconciler/reconcile"
        return "reconciler/" + parts[1]
    return "/".join(parts[:-1])


def allowed(folder, target):
    """Whether code in `folder` may include a header of `target`."""
    if folder in (target, "reconciler/main"):
        return True
    kind, _, name = folder.partition("/")
    target_kind, _, target_name = target.partition("/")
    if kind == "reconciler":
        if target_kind != "reconciler":
            return False
        if folder in NARROW:
            return target_name in NARROW[folder]
        return name in ORDER and target_name in ORDER and ORDER.index(target_name) < ORDER.index(name)
    if target_kind == "reconciler":
        return target_name in PLUGIN_SEES
    plugin, _, part = name.partition("/")
    target_plugin, _, target_part = target_name.partition("/")
    if plugin != target_plugin:
        return False
    order = PLUGIN_ORDER.get(plugin, [])
    if not part:
        return True
    return target_part in order and part in order and order.index(target_part) < order.index(part)


def include_faults(root):
    faults = []
    for path in sorted(p for top in ("reconciler", "plugins") for p in (root / top).rglob("*") if p.suffix in (".cpp", ".hpp")):
        relative = path.relative_to(root)
        folder = folder_of(relative)
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if not found:
                continue
            header = found.group(1)
            where = f"{relative}:{number}"
            if '"' in line and (not header.startswith(("reconciler/", "plugins/")) or ".." in header):
                faults.append(f"{where}: {header} is not named from the root of the tree")
            if header.startswith(("reconciler/", "plugins/")):
                target = folder_of(pathlib.PurePath(header))
                if not allowed(folder, target):
                    faults.append(f"{where}: {folder} may not include {target} ({header})")
            for pattern, owners in OWNERS.items():
                if re.match(pattern, header) and folder not in owners:
                    faults.append(f"{where}: {header} belongs to {' and '.join(sorted(owners))}")
    return faults


def link_faults(root):
    faults = []
    names = {}                                          # library -> folder
    libraries = []
    for path in sorted(p for top in ("reconciler", "plugins") for p in (root / top).rglob("CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        folder = str(path.parent.relative_to(root))
        for name, body in re.findall(r"reconciler_library\((\w+)(.*?)\)", text, re.S):
            own = "reconciler/reconcile" if name == "reconcile" else folder
            names[name] = own
            links = body.split("LINKS", 1)[1].split() if "LINKS" in body else []
            libraries.append((own, links))
        for body in re.findall(r"target_link_libraries\(reconciler-helper\s+PRIVATE(.*?)\)", text, re.S):
            libraries.append(("reconciler/helper", body.split()))
    for folder, links in libraries:
        for link in links:
            if link in names:
                if not allowed(folder, names[link]):
                    faults.append(f"{folder}: may not link {link}")
            elif link in LINK_OWNERS and folder not in LINK_OWNERS[link]:
                faults.append(f"{folder}: {link} belongs to {' and '.join(sorted(LINK_OWNERS[link]))}")
    return faults


def name_faults(root):
    """Two types of one name in one namespace: no compiler sees it where no file includes both, and the linker mixes them up."""
    faults = []
    homes = {}                                          # (namespace, name) -> where
    for path in sorted(p for top in ("reconciler", "plugins") for p in (root / top).rglob("*") if p.suffix in (".cpp", ".hpp")):
        namespace, private = "", False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if found := re.match(r"namespace ([\w:]+) \{", line):
                namespace = found.group(1)
            elif re.match(r"namespace \{", line):
                private = True
            elif re.match(r"\}  // namespace$", line):
                private = False
            found = re.match(r"(?:struct|class|enum class) (\w+)(?: final)?(?: : [^;]*)? \{", line)
            if not found or private:
                continue
            where = f"{path.relative_to(root)}:{number}"
            home = homes.setdefault((namespace, found.group(1)), where)
            if home != where:
                faults.append(f"{where}: {namespace}::{found.group(1)} is the name of another type, too ({home})")
    return faults


def faults(root):
    root = pathlib.Path(root)
    return include_faults(root) + link_faults(root) + name_faults(root)
