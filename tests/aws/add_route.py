"""Gives an API a default route to an integration that it has. Reads {"endpoint", "region", "api"}, prints {}."""

import json
import sys

import boto3

given = json.load(sys.stdin)
gateway = boto3.Session(region_name=given["region"]).client("apigatewayv2", endpoint_url=given["endpoint"])
found = gateway.get_integrations(ApiId=given["api"])["Items"]
target = next(each["IntegrationId"] for each in found if each["IntegrationType"] == "HTTP_PROXY")
gateway.create_route(ApiId=given["api"], RouteKey="$default", Target="integrations/" + target)
json.dump({}, sys.stdout)
