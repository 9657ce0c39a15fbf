#!/usr/bin/env python3
"""Renders the templates and cases under fixtures/templates with the real Cheetah and the real Jinja2.

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install CT3==3.4.0.post5 Jinja2==3.1.6
    /tmp/golden/bin/python test/templates/make-golden.py

Writes NAME.expected beside each NAME.tmpl, and expectations.json beside each cases.json: for every case the text, or null
where the real one fails. Run it after templates or cases were changed; review the difference by eye.
"""
import contextlib
import copy
import io
import json
import pathlib
import re
import warnings

import jinja2
from Cheetah.Template import Template

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "templates"
DATA = json.loads((ROOT / "data.json").read_text())
SNIPPETS = json.loads((ROOT / "snippets.json").read_text())

# Names that are not found are put out as written, as Cobbler 3.3.7 does (modules=$esx_modules in its recorded answers).
CATCHER = "#errorCatcher ListErrors\n"
OLD_SNIPPET = re.compile(r"SNIPPET::([A-Za-z0-9_][A-Za-z0-9_./-]*)")


class CobblerTemplate(Template):
    """Cheetah with Cobbler's $SNIPPET: the snippet sees what an #include would see, and its text is the value."""

    def SNIPPET(self, name):
        made = compile_cheetah(SNIPPETS[name])
        return str(made(_preBuiltSearchList=self.searchList(), _globalSetVars=self._CHEETAH__globalSetVars))


def compile_cheetah(source):
    source = OLD_SNIPPET.sub(r"$SNIPPET('\1')", source)
    return CobblerTemplate.compile(source=CATCHER + source, baseclass=CobblerTemplate)


def cheetah_file(source):
    return str(compile_cheetah(source)(searchList=[copy.deepcopy(DATA)]))


def cheetah_case(case, data):
    source = CATCHER + case["source"] if case.get("missing") == "echo" else case["source"]
    return str(Template(source=source, searchList=[copy.deepcopy(data)]))


def environment(undefined):
    return jinja2.Environment(loader=jinja2.DictLoader(SNIPPETS), undefined=undefined)


def jinja2_file(source):
    return environment(jinja2.Undefined).from_string(source).render(copy.deepcopy(DATA))


def jinja2_case(case, data):
    undefined = jinja2.StrictUndefined if case.get("missing") == "error" else jinja2.Undefined
    return environment(undefined).from_string(case["source"]).render(copy.deepcopy(data))


def write_files(folder, render):
    for path in sorted((ROOT / folder).glob("*.tmpl")):
        with open(path, newline="") as file:
            text = render(file.read())
        with open(path.with_suffix(".expected"), "w", newline="") as file:
            file.write(text)


def write_cases(folder, render):
    table = json.loads((ROOT / folder / "cases.json").read_text())
    expectations = []
    for case in table["cases"]:
        try:
            expectations.append(render(case, table["data"]))
        except Exception:  # whatever it is, the template cannot be rendered
            expectations.append(None)
    text = json.dumps(expectations, ensure_ascii=False, indent=0)
    (ROOT / folder / "expectations.json").write_text(text + "\n")
    failed = sum(expectation is None for expectation in expectations)
    print(f"{folder}: {len(expectations)} cases, {failed} of which cannot be rendered")


def main():
    # Cheetah prints what it is about to raise.
    with contextlib.redirect_stderr(io.StringIO()):
        write_files("cheetah", cheetah_file)
        write_files("jinja2", jinja2_file)
        write_cases("cheetah", cheetah_case)
        write_cases("jinja2", jinja2_case)


main()
