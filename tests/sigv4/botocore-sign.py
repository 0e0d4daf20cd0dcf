"""Signs requests with botocore's SigV4Auth and SigV4QueryAuth.

In:  the folder of the packages as first argument; on standard input a list of requests, JSON (see foreign-signers.ts).
Out: on standard output, in the same order, target and headers of each signed request, JSON.
"""

import base64
import datetime
import json
import sys
from urllib.parse import urlsplit

sys.path.insert(0, sys.argv[1])

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def sign(request):
    now = datetime.datetime.fromtimestamp(request["nowMs"] / 1000, datetime.timezone.utc).replace(tzinfo=None)
    auth.get_current_datetime = lambda *_, **__: now
    credentials = Credentials(request["accessKeyId"], request["secretAccessKey"], request["sessionToken"])
    scope = (credentials, request["service"], request["region"])
    expires = request["expiresSeconds"]
    signer = auth.SigV4Auth(*scope) if expires is None else auth.SigV4QueryAuth(*scope, expires=expires)
    signed = AWSRequest(
        method=request["method"],
        url="https://host.invalid" + request["target"],
        data=base64.b64decode(request["body"]),
    )
    for name, value in request["headers"]:
        signed.headers[name] = value
    signer.add_auth(signed)
    parts = urlsplit(signed.url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    return {"target": target, "headers": [[name, value] for name, value in signed.headers.items()]}


json.dump([sign(request) for request in json.load(sys.stdin)], sys.stdout)
