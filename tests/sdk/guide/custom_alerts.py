"""What uses the guide's notifier, with the server's library in its place."""

from datetime import datetime

from hivesight.notify import AlertNotifier


async def main(slack: str, webhook: str):
    config = {"slack_webhook": slack, "webhook_urls": [webhook]}
    notifier = AlertNotifier(config)
    alert = {
        "name": "HighCoordinationLatency",
        "severity": "warning",
        "description": "Coordination latency is above threshold",
        "timestamp": datetime.now().isoformat(),
        "metrics": {"latency_ms": 750, "threshold_ms": 500},
    }
    await notifier.process_alert(alert)
    await notifier.send_slack_alert(alert)
    await notifier.send_webhook_alerts(alert)
