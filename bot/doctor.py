"""How does `diffy doctor` come by its eyes? Joins the checks to the real AWS and the real Slack."""

from __future__ import annotations

from collections.abc import Iterator

from bot import ways
from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import connect
from bot.adapters.clock import SystemClock
from bot.adapters.doctor_aws import AwsAccount, desk
from bot.adapters.doctor_slack import SlackWorkspace
from bot.adapters.slack_chat import make_client
from bot.errors import DiffyError
from bot.model import Asker
from bot.model.checkup import Check, Outcome
from bot.settings import Settings
from bot.workflows import targets
from bot.workflows.access import EVERYONE
from bot.workflows.checkup import Wanted, check_aws, check_slack


def visit(settings: Settings, *, target: str, pack: str, ask_hosts: bool) -> Iterator[Check]:
    """Look at everything, one check after the other. Raises DiffyError for a target or a pack that cannot be."""
    asked = settings.collect
    additions = ways.open_additions(settings)
    wanted = Wanted(
        pack=additions.shelf.load(pack),
        pinned=ways.pinned_document(settings),
        bucket=asked.output_bucket,
        target=targets.parse([target]) if target else None,
        asker=Asker(ways.new_run_id(), "doctor"),
        ask_hosts=ask_hosts,
        channels=tuple(sorted(settings.access.channels - {EVERYONE})),
    )
    yield from _aws(wanted, settings)
    if not settings.slack.bot_token:
        yield Check("slack token", Outcome.UNKNOWN, "Not looked at: SLACK_BOT_TOKEN is not set.")
        return
    client = make_client(settings.slack.bot_token, base_url=settings.slack.api_url)
    yield from check_slack(wanted, SlackWorkspace(client))


def _aws(wanted: Wanted, settings: Settings) -> Iterator[Check]:
    try:
        aws = connect()
        account = AwsAccount(aws, desk())
    except DiffyError as error:
        yield Check("identity", Outcome.WRONG, error.message, error.hint)
        return
    collector = ways.over_ssm(aws, settings, SystemClock(), install=False)  # the doctor installs nothing
    yield from check_aws(wanted, account, AwsInventory(aws), collector)
