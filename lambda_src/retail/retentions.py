"""How long the database keeps what it does not keep for ever: this list, and nothing else, is what is cleared away.

What is personal in an order goes some time after its end, which every status but PENDING, PAID and PROCESSING is; what
still happens then (a return, a refund) begins that time anew.
"""

from retail.orders import ENDED
from retail.purge import Retention

ENDED_STATUSES = ", ".join(f"'{status}'" for status in sorted(ENDED))


def retentions(*, published_days: int, handled_days: int, address_days: int, email_days: int) -> dict[str, Retention]:
    """Every rule, by what is said to have been done."""
    return {
        "outbox_purged": Retention("outbox", since="published_at", days=published_days),
        "handled_purged": Retention("handled_events", since="handled_at", days=handled_days),
        "keys_purged": Retention("idempotency_keys", since="expires_at", days=0),
        "sessions_purged": Retention("customer_sessions", since="LEAST(expires_at, revoked_at)", days=1),
        "addresses_erased": Retention("deliveries", since="ended_at", days=address_days),
        "emails_erased": Retention(
            "orders",
            since="updated_at",
            days=email_days,
            where=f"email IS NOT NULL AND status IN ({ENDED_STATUSES})",
            erased=["email"],
        ),
    }
