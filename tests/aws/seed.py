"""Makes an account with boto3: what the test reads back. Reads {"endpoint", "region", "backend", "issuer"}, prints ids."""

import json
import sys

import boto3

given = json.load(sys.stdin)
session = boto3.Session(region_name=given["region"])
client = lambda name: session.client(name, endpoint_url=given["endpoint"])  # noqa: E731
gateway, iam = client("apigatewayv2"), client("iam")

api = gateway.create_api(
    Name="pets",
    ProtocolType="HTTP",
    CorsConfiguration={"AllowOrigins": ["https://shop.example"], "AllowMethods": ["GET"], "MaxAge": 60},
)["ApiId"]


def integration(**more):
    return "integrations/" + gateway.create_integration(ApiId=api, **more)["IntegrationId"]


pets = integration(
    IntegrationType="HTTP_PROXY",
    IntegrationMethod="GET",
    IntegrationUri=given["backend"] + "/v1/pets/{id}",
    PayloadFormatVersion="1.0",
    TimeoutInMillis=5000,
    RequestParameters={"overwrite:header.x-user": "$context.authorizer.claims.sub"},
)
everything = integration(
    IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", IntegrationUri=given["backend"] + "/{rest}", PayloadFormatVersion="1.0"
)
function = integration(
    IntegrationType="AWS_PROXY",
    IntegrationUri="arn:aws:lambda:eu-central-1:111122223333:function:pets",
    PayloadFormatVersion="2.0",
)
authorizer = gateway.create_authorizer(
    ApiId=api,
    Name="idp",
    AuthorizerType="JWT",
    IdentitySource=["$request.header.Authorization"],
    JwtConfiguration={"Issuer": given["issuer"], "Audience": ["api"]},
)["AuthorizerId"]
gateway.create_route(
    ApiId=api, RouteKey="GET /pets/{id}", AuthorizationType="JWT", AuthorizerId=authorizer, Target=pets
)
gateway.create_route(ApiId=api, RouteKey="ANY /signed/{rest+}", AuthorizationType="AWS_IAM", Target=everything)
gateway.create_route(ApiId=api, RouteKey="GET /open/{rest+}", AuthorizationType="NONE", Target=everything)
gateway.create_route(ApiId=api, RouteKey="POST /pets", AuthorizationType="NONE", Target=function)
gateway.create_stage(
    ApiId=api,
    StageName="$default",
    AutoDeploy=True,
    DefaultRouteSettings={"ThrottlingRateLimit": 50.0, "ThrottlingBurstLimit": 100},
    StageVariables={"colour": "green"},
)
gateway.create_stage(ApiId=api, StageName="old", AutoDeploy=False)
other = gateway.create_api(Name="chat", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")["ApiId"]

gateway.create_domain_name(
    DomainName="api.pets.example",
    DomainNameConfigurations=[
        {"CertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1", "EndpointType": "REGIONAL"}
    ],
)
gateway.create_api_mapping(DomainName="api.pets.example", ApiId=api, ApiMappingKey="v1", Stage="$default")

host = given["issuer"].split("://")[1]
provider = iam.create_open_id_connect_provider(Url=given["issuer"], ClientIDList=["api"])["OpenIDConnectProviderArn"]
boundary = iam.create_policy(
    PolicyName="edge",
    PolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:*/*/GET/*"}],
        }
    ),
)["Policy"]["Arn"]
trust = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {host + ":aud": "api", host + ":sub": given["subject"]}},
        }
    ],
}
iam.create_role(
    RoleName="keeper",
    AssumeRolePolicyDocument=json.dumps(trust),
    PermissionsBoundary=boundary,
    MaxSessionDuration=7200,
    Tags=[{"Key": "team", "Value": "pets"}],
)
iam.put_role_policy(
    RoleName="keeper",
    PolicyName="invoke",
    PolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "execute-api:Invoke",
                    "Resource": f"arn:aws:execute-api:{given['region']}:111122223333:{api}/*/*/signed/*",
                }
            ],
        }
    ),
)
iam.attach_role_policy(RoleName="keeper", PolicyArn=boundary)
iam.create_role(
    RoleName="machine",
    AssumeRolePolicyDocument=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
        }
    ),
)
json.dump({"api": api, "other": other}, sys.stdout)
