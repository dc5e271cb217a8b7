"""Use cases shared by Slack, the command line and the schedule."""
