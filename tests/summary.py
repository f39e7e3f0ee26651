"""Adds up JUnit files: names what failed or was skipped and why; the last line is `N passed, N failed, N skipped`."""
import pathlib
import sys
import xml.etree.ElementTree as ET

passed, failed, skipped = 0, [], []
folder = pathlib.Path(sys.argv[1])
for path in sorted(folder.glob("*.xml")):
    for case in ET.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        skip = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failed.append(name)
        elif skip is not None or case.get("status") == "notrun":
            skipped.append(f"{name}: {(skip.get('message') if skip is not None else None) or 'not run'}")
        else:
            passed += 1
# A test program that died wrote no file: its log is there without one.
for log in sorted(folder.glob("*_test.log")):
    if not log.with_suffix(".xml").exists():
        failed.append(f"{log.stem}: ended without a result")
for name in failed:
    print("failed  ", name)
for name in skipped:
    print("skipped ", name)
print(f"{passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
sys.exit(1 if failed or passed == 0 else 0)
