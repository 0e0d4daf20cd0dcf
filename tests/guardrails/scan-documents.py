"""What cloudsplaining and parliament find in IAM documents.

In:  the folder of their packages as first argument; on standard input documents by name, JSON.
Out: on standard output, by name, a list of findings (`tool`, `kind`, `detail`) in the order of the tools, JSON.
"""

import contextlib
import json
import sys

sys.path.insert(0, sys.argv[1])

from cloudsplaining.command.scan_policy_file import scan_policy
from parliament import analyze_policy_string


def scan(name, document):
    found = []
    for kind, result in scan_policy(document).items():
        # Which services a document speaks of is no finding.
        if kind != "ServicesAffected" and result["findings"]:
            found.append({"tool": "cloudsplaining", "kind": kind, "detail": json.dumps(result["findings"])})
    policy = analyze_policy_string(json.dumps(document), name, include_community_auditors=True)
    for finding in policy.findings:
        found.append({"tool": "parliament", "kind": finding.issue, "detail": str(finding.detail or "")})
    return found


# Both tools print as they go.
with contextlib.redirect_stdout(sys.stderr):
    answer = {name: scan(name, document) for name, document in json.load(sys.stdin).items()}
json.dump(answer, sys.stdout)
