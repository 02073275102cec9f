"""Signs ElastiCache's IAM tokens with botocore: one a line of JSON read, for iam_token.rs."""

import datetime
import json
import sys
from urllib.parse import urlencode

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SCHEME = "http://"


def token(case):
    now = datetime.datetime.fromtimestamp(case["now"], datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: now
    query = {"Action": "connect"}
    if case["serverless"]:
        query["ResourceType"] = "ServerlessCache"
    query["User"] = case["user"]
    request = AWSRequest("GET", f"{SCHEME}{case['cache']}/?{urlencode(query)}")
    credentials = Credentials(case["access_key"], case["secret_key"], case["session_token"])
    signer = botocore.auth.SigV4QueryAuth(credentials, "elasticache", case["region"], expires=900)
    signer.add_auth(request)
    return request.url.removeprefix(SCHEME)


for line in sys.stdin:
    print(token(json.loads(line)))
