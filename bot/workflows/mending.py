"""Which command or page mends what the doctor found?"""

from __future__ import annotations

from collections.abc import Sequence

INSTALL_PAGE = (
    "https://api.slack.com/apps > your app > OAuth & Permissions: copy the bot token into SLACK_BOT_TOKEN"
)
MANIFEST_PAGE = (
    "https://api.slack.com/apps > your app > App Manifest: paste manifest.yml, save, and reinstall the app"
)
MAY_SIMULATE = "Attach the stack's DoctorPolicy (deploy/template.yaml) to the role that runs the doctor."
BUCKET_PARTS = {
    "encryption": "encryption",
    "versioned": "versions",
    "closed": "access",
    "forgets": "expiry",
}


def create_document(name: str, pack: str) -> str:
    """Make the document that is not there."""
    return (
        f"diffy document --pack {pack} > {pack}.json && aws ssm create-document --name {name} "
        f"--document-type Command --document-format JSON --content file://{pack}.json"
    )


def update_document(name: str, pack: str) -> str:
    """Add the right text as the newest version, and use that."""
    return (
        f"diffy document --pack {pack} > {pack}.json && aws ssm update-document --name {name} "
        f"--document-version '$LATEST' --document-format JSON --content file://{pack}.json; "
        "then set [collect] document_version to the version that it prints"
    )


def use_version(newest: str) -> str:
    """Point the settings at a version that exists."""
    return f'In diffy.toml: [collect] document_version = "{newest}"'


def attach_policy(principal: str) -> str:
    """Give a role the bot's policy."""
    role = principal.rpartition("/")[2]
    arn = "$(aws cloudformation describe-stacks --stack-name diffy --query \"Stacks[0].Outputs[?OutputKey=='BotPolicyArn'].OutputValue\" --output text)"
    kind = "user" if ":user/" in principal else "role"
    return f"aws iam attach-{kind}-policy --{kind}-name {role} --policy-arn {arn}"


def create_bucket(name: str, region: str) -> str:
    """Make the bucket; the stack makes it with all that belongs to it."""
    return (
        "aws cloudformation deploy --stack-name diffy --template-file deploy/template.yaml "
        f"--capabilities CAPABILITY_IAM --region {region} --parameter-overrides OutputBucketName={name}"
    )


def bucket(part: str, name: str) -> str:
    """Switch on what a bucket lacks: a key of ``BUCKET_PARTS``."""
    commands = {
        "encryption": "put-bucket-encryption --bucket {} --server-side-encryption-configuration "
        '\'{{"Rules":[{{"ApplyServerSideEncryptionByDefault":{{"SSEAlgorithm":"AES256"}}}}]}}\'',
        "versioned": "put-bucket-versioning --bucket {} --versioning-configuration Status=Enabled",
        "closed": "put-public-access-block --bucket {} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
        "forgets": "put-bucket-lifecycle-configuration --bucket {} --lifecycle-configuration "
        '\'{{"Rules":[{{"ID":"ExpireAnswers","Status":"Enabled","Filter":{{"Prefix":"diffy/"}},"Expiration":{{"Days":14}},'
        '"NoncurrentVersionExpiration":{{"NoncurrentDays":14}}}}]}}\'  # replaces the rules that the bucket has',
    }
    return "aws s3api " + commands[part].format(name)


def register(hosts: Sequence[str]) -> str:
    """Let hosts reach SSM."""
    return (
        "Attach AmazonSSMManagedInstanceCore to their instance role, and see that amazon-ssm-agent runs and reaches SSM: "
        f"aws ssm describe-instance-information --filters Key=InstanceIds,Values={','.join(hosts[:10])}"
    )


def tag(hosts: Sequence[str], key_value: tuple[str, str]) -> str:
    """Tag hosts; the group itself too, so that the next ones have it."""
    key, value = key_value
    return (
        f"aws ec2 create-tags --resources {' '.join(hosts[:50])} --tags Key={key},Value={value} "
        "(and on the auto scaling group, propagated at launch)"
    )


def look_at(host: str) -> str:
    """See what a host said itself; without osquery, install it there."""
    return (
        f"aws ssm list-command-invocations --instance-id {host} --max-items 1 --details "
        "(osquery: https://osquery.io/downloads)"
    )
