"""Set-ups and health checks."""

from __future__ import annotations

from .case import health, predict

CASES = [
    health("SpeaksInSetup", "health"),
    predict("SpeaksInSetup", "predicts"),
    health("SlowSetup", "health"),
    predict("SlowSetup", "predicts"),
    health("FailingSetup", "health"),
    predict("FailingSetup", "refused"),
    health("LeavesInSetup", "health"),
    predict("LeavesInSetup", "refused"),
    predict("TakesWeights", "none given"),
    health("Healthy", "health"),
    predict("Healthy", "predicts"),
    health("Unhealthy", "health"),
    predict("Unhealthy", "predicts"),
    health("HealthRaises", "health"),
    predict("HealthRaises", "predicts"),
    health("HealthyLater", "health"),
    predict("HealthyLater", "predicts"),
]
