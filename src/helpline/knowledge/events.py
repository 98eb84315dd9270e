"""What the knowledge room tells the others, as kinds of outbox events. Data: {article_id}."""

from typing import Final

ARTICLE_SAVED: Final = "article_saved"
ARTICLE_USED: Final = "article_used"
