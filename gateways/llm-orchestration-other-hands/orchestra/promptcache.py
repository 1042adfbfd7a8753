"""Answers kept under keys of the form use-case:hash."""
import re

from .codes import Err
from .models import USE_CASES

KEY = re.compile(r"([a-z][a-z-]*):([0-9a-f]{8,128})\Z")


def check_key(key, use_case=None):
    match = KEY.match(key) if isinstance(key, str) else None
    if not match or match[1] not in USE_CASES or use_case not in (None, match[1]):
        raise Err(1700, "A cache key is a use case, a colon, and 8 or more hex digits.")


class PromptCache:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.entries = {}

    def _place(self, tenant, key):
        return ("*" if self.flaw("cache-all-tenants") else tenant), key

    def get(self, tenant, key, fingerprint=None):
        """The stored answer (bytes); Err LLM_1701 when there is none for this prompt."""
        entry = self.entries.get(self._place(tenant, key))
        if entry is None or self.clock.now() - entry["at"] > self.options.cache_ttl or (
                fingerprint is not None and entry["fingerprint"] != fingerprint):
            raise Err(1701, "Nothing is cached under that key for this prompt.")
        return entry["answer"]

    def put(self, tenant, key, fingerprint, answer):
        if len(self.entries) >= 10000:
            self.entries.pop(next(iter(self.entries)))
        self.entries[self._place(tenant, key)] = {
            "answer": answer, "fingerprint": fingerprint, "at": self.clock.now()}

    def drop(self, tenant, key):
        self.get(tenant, key)
        del self.entries[self._place(tenant, key)]
