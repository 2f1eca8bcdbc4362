"""Score once, decide separately: thresholds on score columns give publish, review or rework, with a
reason."""

from editcore.routing.route import PUBLISH_REASON, RULES, Decision, Route, Rule, reroute, route
from editcore.routing.thresholds import Thresholds

__all__ = ["PUBLISH_REASON", "RULES", "Decision", "Route", "Rule", "Thresholds", "reroute", "route"]
