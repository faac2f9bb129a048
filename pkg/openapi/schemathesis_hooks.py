"""Lets the fuzzer get past the first call: an application that exists, in half of the bodies that name a possible one."""

import schemathesis


@schemathesis.hook
def map_body(context, body):
    if context.operation.definition.raw.get("operationId") != "issue" or not isinstance(body, dict):
        return body
    application = body.get("applicationId")
    if isinstance(application, str) and application.strip() and application.isprintable() and len(application) % 2 and len(application) < 64:
        body = {**body, "applicationId": "web"}
    return body
