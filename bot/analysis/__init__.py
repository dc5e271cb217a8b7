"""Pure: rows become facts, facts become drift and outliers, and those a ranked report."""

from bot.analysis.case import Case
from bot.analysis.judging import judge

__all__ = ["Case", "judge"]
