"""Has moto's CloudFormation create what SAM makes of the template, with each set of parameters: all that it knows is made,
and each function finds the table and its role.
usage: create.py translated.json, with lists of parameter overrides on standard input, one in a line of JSON
"""
import importlib
import io
import json
import re
import sys
import warnings
import zipfile

import boto3
from moto import mock_aws
from moto.cloudformation import parsing

warnings.simplefilter("ignore")
SERVICES = "apigateway awslambda cloudwatch dynamodb events iam kms logs secretsmanager sns sqs"
# What moto makes in another way than AWS: the API without its body, which has no methods to deploy then, and the bus, whose
# name it does not know.
UNFIT = {"AWS::ApiGateway::Deployment", "AWS::Events::EventBus", "AWS::Events::Rule"}
EVERYTHING = [
    "AccessLogs=true", "AccountLogRole=true", "Firewall=true", "AlarmEmail=a@example.com", "AcceptImported=true", "Canary=true",
    "ClaimsHookArn=arn:aws:lambda:us-east-1:123456789012:function:claims", "PublishRefreshed=true", "ReservedConcurrency=1",
    "AllowedOrigins=https://app.example.com", "UseAuthorizerAlias=true", "Architecture=x86_64",
    "HotRoute=true", "Traces=true", "WarmReadUnits=20000", "WarmWriteUnits=20000",
]


def instead(logical_id, attribute=""):
    """What stands for a resource that moto does not make: for an alias its function, for another one a name."""
    function = logical_id.removesuffix("Aliaslive")
    return {"Ref": function} if function != logical_id else "arn:aws:service:us-east-1:123456789012:" + logical_id + attribute


def without(value, gone):
    """The value without references to resources that are gone."""
    if isinstance(value, list):
        return [without(item, gone) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in gone:
        return instead(value["Ref"])
    if "Fn::GetAtt" in value and value["Fn::GetAtt"][0] in gone:
        return instead(*value["Fn::GetAtt"])
    if isinstance(value.get("Fn::Sub"), str):
        return {"Fn::Sub": re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda m: m[1] if m[1] in gone else m[0], value["Fn::Sub"])}
    if "DependsOn" in value:
        on = value["DependsOn"] if isinstance(value["DependsOn"], list) else [value["DependsOn"]]
        value = {**value, "DependsOn": [one for one in on if one not in gone]}
    return {key: without(item, gone) for key, item in value.items()}


@mock_aws
def create(template, parameters):
    """The number of resources of a stack with these parameters."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    archive = io.BytesIO()
    zipfile.ZipFile(archive, "w").close()
    s3.put_object(Bucket="bucket", Key="key", Body=archive.getvalue())
    stacks = boto3.client("cloudformation")
    stacks.create_stack(StackName="stack", TemplateBody=json.dumps(template), Parameters=[
        {"ParameterKey": name, "ParameterValue": value} for name, value in (one.split("=", 1) for one in parameters)])
    resource = boto3.resource("cloudformation").Stack("stack")
    made = {one.logical_resource_id: one.physical_resource_id for one in resource.resource_summaries.all()}
    missing = {name for name, one in template["Resources"].items() if "Condition" not in one} - set(made)
    if resource.stack_status != "CREATE_COMPLETE" or missing:
        sys.exit(f"moto: {resource.stack_status} with {parameters}, without {missing}")
    roles = {role["Arn"] for page in boto3.client("iam").get_paginator("list_roles").paginate() for role in page["Roles"]}
    for page in boto3.client("lambda").get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            if function["Environment"]["Variables"]["TABLE_NAME"] != made["TokenTable"] or function["Role"] not in roles:
                sys.exit(f"moto: {function['FunctionName']} finds neither table nor role: {function}")
    return len(made)


for service in SERVICES.split():
    importlib.import_module(f"moto.{service}.models")
with open(sys.argv[1]) as file:
    whole = json.load(file)
known = {kind: parsing.resource_class_from_type(kind) for kind in {one["Type"] for one in whole["Resources"].values()} - UNFIT}
gone = {name for name, one in whole["Resources"].items() if not known.get(one["Type"])}
resources = {name: one for name, one in whole["Resources"].items() if name not in gone}
for overrides in [EVERYTHING, *map(json.loads, sys.stdin)]:
    made = create(without({**whole, "Resources": resources}, gone), overrides)
    print(f"moto: created {made} of {len(whole['Resources'])} resources with {overrides}")
