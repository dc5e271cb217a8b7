"""What may a caller do? IAM's SimulatePrincipalPolicy, which moto lacks: everything, as this AWS enforces no policy."""

from __future__ import annotations

from urllib.parse import parse_qs

_XMLNS = "https://iam.amazonaws.com/doc/2010-05-08/"


def simulate(body: bytes) -> str:
    """Return the answer in IAM's XML: each asked action, on each asked resource, is allowed."""
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    actions = [value for key, value in sorted(form.items()) if key.startswith("ActionNames.member.")]
    resources = [value for key, value in sorted(form.items()) if key.startswith("ResourceArns.member.")] or [
        "*"
    ]
    members = "".join(
        f"<member><EvalActionName>{action}</EvalActionName><EvalResourceName>{resource}</EvalResourceName>"
        "<EvalDecision>allowed</EvalDecision></member>"
        for action in actions
        for resource in resources
    )
    return (
        f'<SimulatePrincipalPolicyResponse xmlns="{_XMLNS}"><SimulatePrincipalPolicyResult>'
        f"<IsTruncated>false</IsTruncated><EvaluationResults>{members}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata>"
        "</SimulatePrincipalPolicyResponse>"
    )
