"""A first build compiles each library in one piece: what one file has for itself must not be another file's name.

The compiler sees two definitions of one thing. It does not see that a call finds another function than in a build file by
file: one in an anonymous namespace of another file hides what a header declares, or fits the arguments better.
"""
import functools
import re

DECLARES = re.compile(r"(?:template .*)?(?:(?:static|inline|constexpr|const|extern)\s+)*[A-Za-z_][\w:<>,&*\s\[\]]*?[\s&*](\w+)(?:\(|\{|\[| =|;)")
DEFINES = re.compile(r"(?:class|struct|enum class|enum|union) (\w+)\b(?!;)")
ALIASES = re.compile(r"using (\w+) =")
NO_NAMES = ("using namespace", "friend", "TEST", "static_assert", "return", "extern \"C\"")


def names_in(text, anonymous):
    """What is declared at the beginning of a line, in or outside of anonymous namespaces; an alias is no name: where two
    of them differ, the compiler says so."""
    names, open_ = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if begins := re.match(r"(?:inline )?namespace( [\w:]+)? \{", line):
            open_.append(bool(begins.group(1)))
        elif line.startswith("}  // namespace"):
            open_.pop()
        elif open_ and (not all(open_)) == anonymous and line and line[0] not in " }#/)" and not line.startswith(NO_NAMES):
            found = None if ALIASES.match(line) else DEFINES.match(line) or DECLARES.match(line)
            # What is defined outside of its class has a name of the class.
            if found and not re.search(rf"\w::~?{found.group(1)}\(", line):
                names.setdefault(found.group(1), number)
    return names


def words_in(text):
    """Without comments and texts, and without members and what another namespace has."""
    plain = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', re.sub(r"//.*", "", text))
    return set(re.findall(r"(?<![\w.>:])\w+", plain))


def libraries(root):
    """Sources by library or program, of all lists of ours."""
    for top in ("reconciler", "plugins", "tests"):
        for list_ in sorted((root / top).rglob("CMakeLists.txt")):
            for kind, name, inner in re.findall(r"(reconciler_library|reconciler_test|add_executable)\((\S+)([^)]*)\)", list_.read_text()):
                yield name, [p for p in (list_.parent / one for one in re.findall(r"[\w/]+\.cpp", inner)) if p.exists()]


def names_taken(root):
    faults, reach = [], {}

    @functools.cache
    def text(path):
        return path.read_text() if path.exists() else ""

    @functools.cache
    def own_names(path):
        return names_in(text(path), True)

    @functools.cache
    def declared(path):
        return names_in(text(path), False)

    @functools.cache
    def words(path):
        return words_in(text(path))

    def headers(path):
        """Ours that it includes, in whatever depth."""
        if path not in reach:
            reach[path], todo = set(), [path]
            while todo:
                for name in re.findall(r'#include "([^"]+)"', text(todo.pop())):
                    if (root / name) not in reach[path]:
                        reach[path].add(root / name)
                        todo.append(root / name)
        return reach[path]

    for _, sources in libraries(root):
        own = {path: own_names(path) for path in sources}
        taken = {}
        for path in sources:
            at = path.relative_to(root)
            for name, line in own[path].items():
                if name in taken:
                    faults.append(f"{at}:{line}: {name} stands in {taken[name].name}, too: say what each is of")
                    continue
                taken[name] = path
                for other in sources:
                    if other == path or name in own[other] or name not in words(other):
                        continue
                    for header in headers(other):
                        if name in declared(header):
                            faults.append(f"{at}:{line}: {name} hides that of {header.relative_to(root)} from {other.name}: give it another name")
                            break
    return faults
