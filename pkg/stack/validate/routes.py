"""Prints the routes that sam local serves, each as method, path, function and authorizer, by SAM CLI's own extraction."""
import logging

from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

logging.disable(logging.WARNING)
stacks, _ = SamLocalStackProvider.get_stacks("template.yaml", parameter_overrides={"UseAuthorizerAlias": "false"})
for route in ApiProvider(stacks).api.routes:
    for method in route.methods:
        print(method, route.path, route.function_name, route.authorizer_name or "-")
