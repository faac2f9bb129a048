"""Every key of samconfig.toml is an option of its command: SAM itself ignores unknown keys. Prints the lists of parameter
overrides, one in a line of JSON.
"""
import importlib
import json
import sys

import tomlkit

MODULES = {"build": "build.command", "deploy": "deploy.command", "validate": "validate.validate", "local_start_api": "local.start_api.cli",
           "local_invoke": "local.invoke.cli"}

with open("samconfig.toml") as file:
    config = tomlkit.load(file)
config.pop("version")
unknown = []
for environment, commands in config.items():
    for command, sections in commands.items():
        options = {option.name for option in importlib.import_module("samcli.commands." + MODULES[command]).cli.params}
        if "parameter_overrides" in sections["parameters"]:
            print(json.dumps(sections["parameters"]["parameter_overrides"]))
        unknown += [f"{environment}.{command}.{key}" for key in sections["parameters"] if key not in options]
if unknown:
    sys.exit("samconfig.toml: no options of SAM: " + ", ".join(unknown))
