"""How is a result shown? Reports become Slack messages, terminal text, JSON and files; pure, and the only place that
knows Slack's limits."""

from bot.views.actions import DrillPlace, drill_place
from bot.views.checkup import check_text, checkup_json, checkup_line
from bot.views.files import findings_file, json_file, page_file
from bot.views.gate import gate_sentence, reaching
from bot.views.report_json import to_json
from bot.views.slack_accept import (
    accept_modal,
    accepted,
    accepted_text,
    kept_text,
    modal_error,
)
from bot.views.slack_baseline import baseline_list, baseline_proposal, baseline_taken
from bot.views.slack_drill import drill_down, posted_rows
from bot.views.slack_lists import help, packs, schedule_list, schedule_removed, schedule_saved, status, usage
from bot.views.slack_notice import kept, notice
from bot.views.slack_run import ack, ended, failure, joined, left, not_in_channel, progress, refusal
from bot.views.slack_small import baseline_declined, cancelling, one_moment, unchanged_late
from bot.views.slack_thread import host_reply, rest_reply
from bot.views.slack_verdict import provisional, top_hosts, verdict
from bot.views.terminal import drift_text, pack_text, packs_text, plugins_text, report_text

__all__ = [
    "DrillPlace",
    "accept_modal",
    "accepted",
    "accepted_text",
    "ack",
    "baseline_declined",
    "baseline_list",
    "baseline_proposal",
    "baseline_taken",
    "cancelling",
    "check_text",
    "checkup_json",
    "checkup_line",
    "drift_text",
    "drill_down",
    "drill_place",
    "ended",
    "failure",
    "findings_file",
    "gate_sentence",
    "help",
    "host_reply",
    "joined",
    "json_file",
    "kept",
    "kept_text",
    "left",
    "modal_error",
    "not_in_channel",
    "notice",
    "one_moment",
    "pack_text",
    "packs",
    "packs_text",
    "page_file",
    "plugins_text",
    "posted_rows",
    "progress",
    "provisional",
    "reaching",
    "refusal",
    "report_text",
    "rest_reply",
    "schedule_list",
    "schedule_removed",
    "schedule_saved",
    "status",
    "to_json",
    "top_hosts",
    "unchanged_late",
    "usage",
    "verdict",
]
