"""Pure views: report to Block Kit, terminal text, JSON. The only place that knows Slack's limits."""
