"""Makes a user with one policy and gives its access key. Reads {"endpoint", "region", "name", "policy"}."""

import json
import sys

import boto3

given = json.load(sys.stdin)
iam = boto3.Session(region_name=given["region"]).client("iam", endpoint_url=given["endpoint"])
iam.create_user(UserName=given["name"])
iam.put_user_policy(UserName=given["name"], PolicyName="only", PolicyDocument=json.dumps(given["policy"]))
key = iam.create_access_key(UserName=given["name"])["AccessKey"]
json.dump({"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}, sys.stdout)
