/** An account that has everything and that AWS would take; the cases of the checks break one thing of it each. */
import type { PolicyDocument } from "../../iam/index.ts";
import type { Account } from "../account.ts";

const TRUST: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/idp.example/realms/shop" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { "idp.example/realms/shop:aud": "shop", "idp.example/realms/shop:sub": "ana" },
      },
    },
  ],
};

const INVOKE: PolicyDocument = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: "execute-api:Invoke",
      Resource: "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3d4e5/*/GET/pets/*",
    },
  ],
};

export const WHOLE_ACCOUNT: Account = {
  accountId: "111122223333",
  region: "eu-central-1",
  partition: "aws",
  throttle: { throttlingRateLimit: 10_000, throttlingBurstLimit: 5000 },
  apis: [
    {
      apiId: "a1b2c3d4e5",
      name: "pets",
      protocolType: "HTTP",
      routes: [
        {
          routeId: "r1",
          routeKey: "GET /pets/{id}",
          authorizationType: "JWT",
          authorizerId: "idp",
          authorizationScopes: ["pets:read"],
          target: "integrations/pets",
        },
        {
          routeId: "r2",
          routeKey: "ANY /admin/{proxy+}",
          authorizationType: "AWS_IAM",
          target: "integrations/admin",
        },
        { routeId: "r3", routeKey: "$default", authorizationType: "NONE", target: "integrations/rest" },
      ],
      integrations: [
        {
          integrationId: "pets",
          integrationType: "HTTP_PROXY",
          integrationMethod: "ANY",
          integrationUri: "https://pets.example/v1/pets/{id}",
          connectionType: "INTERNET",
          payloadFormatVersion: "1.0",
          timeoutInMillis: 29_000,
          requestParameters: { "overwrite:header.x-user": "$context.authorizer.claims.sub" },
          responseParameters: { "404": { "overwrite:statuscode": "200" } },
        },
        {
          integrationId: "admin",
          integrationType: "HTTP_PROXY",
          integrationMethod: "ANY",
          integrationUri:
            "arn:aws:elasticloadbalancing:eu-central-1:111122223333:listener/app/lb/50dc6c495c0c9188/f2f7dc8efc522ab2",
          connectionType: "VPC_LINK",
          connectionId: "link1",
          payloadFormatVersion: "1.0",
          timeoutInMillis: 50,
          requestParameters: { "overwrite:path": "$request.path" },
          tlsConfig: { serverNameToVerify: "admin.example" },
        },
        {
          integrationId: "rest",
          integrationType: "HTTP_PROXY",
          integrationMethod: "GET",
          integrationUri: "http://${stageVariables.host}/rest",
          connectionType: "INTERNET",
          payloadFormatVersion: "1.0",
          timeoutInMillis: 30_000,
          requestParameters: {},
        },
      ],
      authorizers: [
        {
          authorizerId: "idp",
          name: "idp",
          authorizerType: "JWT",
          identitySource: ["$request.header.Authorization"],
          jwtConfiguration: { issuer: "https://idp.example/realms/shop", audience: ["shop"] },
        },
      ],
      stages: [
        {
          stageName: "$default",
          autoDeploy: true,
          defaultRouteSettings: { throttlingRateLimit: 100, throttlingBurstLimit: 200 },
          routeSettings: { "GET /pets/{id}": { throttlingRateLimit: 1, throttlingBurstLimit: 5 } },
          stageVariables: { host: "rest.example" },
          accessLogSettings: {
            destinationArn: "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/vendedlogs/pets",
            format: "$context.requestId $context.status",
          },
        },
        {
          stageName: "dev",
          autoDeploy: false,
          defaultRouteSettings: {},
          routeSettings: {},
          stageVariables: { host: "dev.example" },
        },
      ],
      corsConfiguration: {
        allowOrigins: ["https://shop.example", "http://localhost:3000"],
        allowMethods: ["GET", "OPTIONS"],
        allowHeaders: ["content-type"],
        exposeHeaders: ["*"],
        maxAge: 300,
        allowCredentials: true,
      },
    },
  ],
  domainNames: [
    {
      domainName: "api.shop.example",
      apiMappings: [
        { apiMappingKey: "", apiId: "a1b2c3d4e5", stage: "$default" },
        { apiMappingKey: "pets/v1", apiId: "a1b2c3d4e5", stage: "dev" },
      ],
    },
  ],
  oidcProviders: [{ url: "https://idp.example/realms/shop", clientIdList: ["shop"] }],
  roles: [
    {
      roleName: "reader",
      arn: "arn:aws:iam::111122223333:role/teams/reader",
      assumeRolePolicyDocument: TRUST,
      policies: [INVOKE],
      permissionsBoundary: INVOKE,
      maxSessionDuration: 3600,
      tags: { team: "shop" },
    },
  ],
};
