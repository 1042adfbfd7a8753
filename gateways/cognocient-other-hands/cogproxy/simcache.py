"""Answers kept per key and found again by how alike two prompts are."""
import json
import math
import re
from collections import Counter

from gatewire.fields import inputs

WORD = re.compile(r"\w+|[^\w\s]")


def vector(text):
    words = WORD.findall(text.lower())
    return Counter(words) + Counter(zip(words, words[1:]))


def likeness(one, two):
    shared = sum(count * two[word] for word, count in one.items())
    size = math.sqrt(sum(c * c for c in one.values()) * sum(c * c for c in two.values()))
    return shared / size if size else 0.0


def frame(path, body):
    """Everything in a request but its words: all of it must match exactly."""
    rest = {k: v for k, v in body.items() if k not in ("messages", "input", "user", "stream")}
    shape = []
    if path.endswith("completions"):
        shape = [[m["role"], [p if not isinstance(p.get("text"), str) else "" for p in m["content"]]
                  if isinstance(m.get("content"), list) else ""] for m in body["messages"]]
    elif not all(isinstance(item, str) for item in inputs(body)):
        shape = body["input"]  # token numbers have no words to compare
    return json.dumps([path, rest, shape], sort_keys=True)


class SimilarityCache:
    def __init__(self, options, clock, flaw):
        self.options, self.clock, self.flaw = options, clock, flaw
        self.clear()

    def clear(self):
        self.shelves = {}

    def _shelf(self, owner, path, body):
        owner = "*" if self.flaw("cache-shared") else owner
        return owner, frame(path, body)

    def find(self, owner, path, body, text):
        """(entry, score) of the closest live answer, or (None, best score seen)."""
        oldest = self.clock.now() - self.options.cache_ttl
        shelf = self.shelves.get(self._shelf(owner, path, body), [])
        shelf[:] = [entry for entry in shelf if entry["at"] >= oldest]
        best, score, wanted = None, 0.0, vector(text)
        for entry in shelf:
            if entry["text"] == text:
                return entry, 1.0
            alike = min(0.99, likeness(wanted, entry["vector"]))
            if alike > score:
                best, score = entry, alike
        return (best if score >= self.options.cache_threshold else None), score

    def keep(self, owner, path, body, text, answer, cost):
        shelf = self.shelves.setdefault(self._shelf(owner, path, body), [])
        shelf.append({"text": text, "vector": vector(text), "answer": answer,
                      "cost": cost, "at": self.clock.now()})
        del shelf[:-50]
