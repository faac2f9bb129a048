"""Every command of the AWS CLI in a README exists, with its options and all that it needs.
usage: commands.py README.md...
"""
import re
import sys

from botocore import xform_name
from botocore.session import get_session

GLOBAL = {"output", "query", "region", "profile", "cli-binary-format", "cli-input-json"}
OWN = {"logs tail": {"since", "filter-pattern"}}  # of the CLI alone
session = get_session()


def problems(service, operation, rest):
    """What is wrong with one command."""
    given = {name.removeprefix("no-") for name in re.findall(r"(?<!\S)--([a-z0-9-]+)", rest)}
    if f"{service} {operation}" in OWN:
        return given - OWN[f"{service} {operation}"] - GLOBAL
    model = session.get_service_model(service)
    if operation == "wait":
        waiters = session.get_waiter_model(service)
        named = {xform_name(name, "-"): name for name in waiters.waiter_names}
        waiter = rest.split()[0]
        if waiter not in named:
            return {f"wait {waiter}"}
        operation = xform_name(waiters.get_waiter(named[waiter]).operation, "-")
    named = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in named:
        return {operation}
    shape = model.operation_model(named[operation]).input_shape
    members = {xform_name(name, "-") for name in shape.members}
    needed = set() if "cli-input-json" in given or '"$@"' in rest else {xform_name(name, "-") for name in shape.required_members}
    return (given - members - GLOBAL) | {f"{name} is missing" for name in needed - given}


found, wrong = 0, []
for name in sys.argv[1:]:
    with open(name) as file:
        blocks = re.findall(r"(?ms)^```(?:console|sh)\n(.*?)^```$", file.read())
    for service, operation, rest in re.findall(
            r"\baws ([a-z0-9-]+) ([a-z0-9-]+)\b((?:(?!\baws | \| )[^\n])*)", "\n".join(blocks).replace("\\\n", " ")):
        found += 1
        wrong += [f"{name}: aws {service} {operation}: {problem}" for problem in problems(service, operation, rest)]
if wrong or found < 30:
    sys.exit("\n".join([*wrong, f"{found} commands of the AWS CLI"]))
