"""Adds up JUnit files. Says first what was skipped, by reason, then what failed and how, so that the end of a log holds
what one looks for; the last line is `N passed, N failed, N skipped`. Before it stands what tests told of themselves: of
properties named `told` a line each, of all named `held` one line (so many cases, each of which held)."""
import collections
import pathlib
import sys
import textwrap
import xml.etree.ElementTree as ET

LINES_OF_A_FAILURE = 25

passed = 0
failed = []  # name, last lines
skipped = collections.defaultdict(lambda: collections.defaultdict(list))  # reason -> test -> its parameters
told = {"told": [], "held": []}  # property -> values
folder = pathlib.Path(sys.argv[1])


def last_lines(text):
    return "\n".join((text or "").strip().splitlines()[-LINES_OF_A_FAILURE:])


for path in sorted(folder.glob("*.xml")):
    root = ET.parse(path).getroot()
    for prop in root.iter("property"):
        if prop.get("name") in told:
            told[prop.get("name")].append(prop.get("value"))
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        wrong = [found for found in (case.find("failure"), case.find("error")) if found is not None]
        if wrong:
            failed.append((name, "\n".join(last_lines(w.text or w.get("message")) for w in wrong)))
        elif skip is not None or case.get("status") == "notrun":
            why = (skip.get("message") if skip is not None else None) or "not run"
            test, bracket, parameter = name.partition("[")
            skipped[why][test].append(parameter.removesuffix("]") if bracket else "")
        else:
            passed += 1
# A test program that died wrote no file: its log is there without one.
for log in sorted(folder.glob("*_test.log")):
    if not log.with_suffix(".xml").exists():
        failed.append((f"{log.stem}: ended without a result", last_lines(log.read_text(errors="replace"))))

for why, tests in skipped.items():
    print(f"skipped  {why}")
    for test, parameters in tests.items():
        named = f"{test}: {', '.join(parameters)}" if any(parameters) else test
        print(textwrap.fill(named, 140, initial_indent="    ", subsequent_indent="        ", break_on_hyphens=False))
for name, how in failed:
    print(f"\nfailed   {name}")
    print(textwrap.indent(how, "    "))
if failed:
    print()
for name, _ in failed:
    print("failed  ", name)
for line in told["told"]:
    print(line)
if told["held"]:
    print("held: " + ", ".join(told["held"]))
number_skipped = sum(len(parameters) for tests in skipped.values() for parameters in tests.values())
print(f"{passed} passed, {len(failed)} failed" + (f", {number_skipped} skipped" if number_skipped else ""))
sys.exit(1 if failed or passed == 0 else 0)
