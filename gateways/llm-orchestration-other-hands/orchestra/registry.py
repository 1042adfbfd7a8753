"""Routes that read and change providers, templates, variants and cached answers."""
import re
import uuid
from urllib.parse import urlsplit

from gatewire import jsonbody

from . import intake, models, prompts
from .codes import Err
from .promptcache import check_key

STATUS = {"closed": "healthy", "half-open": "degraded", "open": "unhealthy"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def _text(body, name, most, required=True):
    value = intake.check(lambda b: intake.fields.text(b, name, required=required), body)
    if value is None:
        return None
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise Err(1601, f"'{name}' holds half a surrogate pair.") from None
    if size > most or "\x00" in value:
        raise Err(1601, f"'{name}' is too long or holds a zero byte.")
    return value


class Registry:
    """Each route: (roles that may, method). Methods take (caller, request, name)."""

    def __init__(self, store, chain, cache, flaw):
        self.store, self.chain, self.cache, self.flaw = store, chain, cache, flaw
        see = ("user", "viewer", "provider-admin", "prompt-admin")
        hosts, texts = ("provider-admin",), ("prompt-admin",)
        self.routes = {
            "/variants": {"GET": (see, self.variants)},
            "/providers": {"GET": (see, self.list_providers), "POST": (hosts, self.add_provider)},
            "/providers/health": {"GET": (see, self.health)},
            "/providers/*": {"GET": (see, self.get_provider), "PUT": (hosts, self.put_provider),
                             "DELETE": (hosts, self.drop_provider)},
            "/templates": {"GET": (see, self.list_templates), "POST": (texts, self.add_template)},
            "/templates/render": {"POST": (("user", *texts), self.render_named)},
            "/templates/*": {"GET": (see, self.get_template), "PUT": (texts, self.put_template),
                             "DELETE": (texts, self.drop_template)},
            "/templates/*/render": {"POST": (("user", *texts), self.render)},
            "/cache/lookup": {"POST": (("user", "viewer"), self.look_up)},
            "/cache/*": {"GET": (("user", "viewer"), self.get_cached),
                         "DELETE": (("user",), self.drop_cached)},
        }

    def find(self, path):
        """(methods, name in the path) or None."""
        if path in self.routes:
            return self.routes[path], ""
        first, _, rest = path[1:].partition("/")
        tail = "/render" if first == "templates" and rest.endswith("/render") else ""
        name = rest.removesuffix(tail) if tail else rest
        methods = self.routes.get(f"/{first}/*{tail}")
        return (methods, name) if methods and name and "/" not in name else None

    def serve(self, caller, request, methods, name):
        roles, method = methods[request.method if request.method != "HEAD" else "GET"]
        if not (request.method == "DELETE" and method == self.drop_provider
                and self.flaw("delete-unguarded")):
            caller.need_role(*roles)
        return method(caller, request, name)

    def variants(self, caller, request, name):
        return 200, {"variants": models.listing()}

    def _public(self, row):
        return {"name": row["name"], "priority": row["priority"], "enabled": bool(row["enabled"]),
                "breaker": self.chain.breaker(row["name"]).state}

    def list_providers(self, caller, request, name):
        return 200, {"providers": [self._public(row) for row in self.store.providers()]}

    def get_provider(self, caller, request, name):
        return 200, self._public(self.store.provider(name))

    def health(self, caller, request, name):
        rows = []
        for row in self.store.providers():
            breaker = self.chain.breaker(row["name"]).view()
            status = STATUS[breaker["state"]] if row["enabled"] else "disabled"
            view = {"name": row["name"], "status": status, "enabled": bool(row["enabled"]),
                    **breaker}
            if self.flaw("health-shows-address"):
                view["baseUrl"] = row["url"]
            rows.append(view)
        return 200, rows

    def _provider(self, body, name, old=None):
        url = _text(body, "baseUrl", 2000, required=old is None) or old["url"]
        try:
            split = urlsplit(url)
            good = split.scheme in ("http", "https") and split.hostname and (split.port or 1)
        except ValueError:
            good = False
        if not good or not url.isascii() or re.search(r"[\s\x00-\x1f]", url):
            raise Err(1601, "'baseUrl' must be an http(s) URL.")
        key = _text(body, "apiKey", 500, required=False)
        if key is not None and not (key.isascii() and key.isprintable()):
            raise Err(1601, "'apiKey' holds characters a header cannot carry.")
        intake.check(lambda b: intake.fields.within(b, "priority", 0, 1000, whole=True), body)
        intake.check(lambda b: intake.fields.kind(b, "enabled", bool, "a boolean"), body)
        old = old or {"key": "", "priority": 100, "enabled": 1}
        given = {"key": key, "priority": body.get("priority"), "enabled": body.get("enabled")}
        row = {n: old[n] if v is None else v for n, v in given.items()}
        return {**row, "name": name, "url": url, "enabled": int(row["enabled"])}

    def add_provider(self, caller, request, name):
        body = intake.read_object(request)
        name = _text(body, "name", 64)
        if not NAME.match(name) or name == "health":
            raise Err(1601, "'name' may hold letters, digits, dots, dashes and underscores.")
        row = self._provider(body, name)
        self.store.add_provider(row)
        return 201, self._public(row)

    def put_provider(self, caller, request, name):
        old = self.store.provider(name)
        row = self._provider(intake.read_object(request), name, old)
        self.store.change_provider(row)
        return 200, self._public(row)

    def drop_provider(self, caller, request, name):
        self.store.drop_provider(name)
        self.chain.forget(name)
        return 200, {"deleted": name}

    def _shown(self, row):
        wanted = [n for n in prompts.holes(row["text"]) if n not in row["defaults"]]
        return {"id": row["id"], "name": row["name"], "template": row["text"],
                "defaults": row["defaults"], "required": wanted}

    def list_templates(self, caller, request, name):
        return 200, {"templates": [self._shown(row) for row in self.store.templates()]}

    def get_template(self, caller, request, name):
        return 200, self._shown(self.store.template(name))

    def _template(self, request, ident):
        body = intake.read_object(request)
        defaults = intake.check(lambda b: intake.fields.kind(
            b, "defaults", dict, "an object"), body) or {}
        if any(isinstance(value, (dict, list)) for value in defaults.values()):
            raise Err(1601, "Default values must be text, numbers or booleans.")
        name = _text(body, "name", 100)
        if not NAME.match(name) or name == "render":
            raise Err(1601, "'name' may hold letters, digits, dots, dashes and underscores.")
        return {"id": ident, "name": name, "text": _text(body, "template", 100000),
                "defaults": defaults}

    def add_template(self, caller, request, name):
        row = self._template(request, "tpl-" + uuid.uuid4().hex[:12])
        self.store.put_template(row)
        return 201, self._shown(row)

    def put_template(self, caller, request, name):
        row = self._template(request, self.store.template(name)["id"])
        self.store.put_template(row)
        return 200, self._shown(row)

    def drop_template(self, caller, request, name):
        self.store.drop_template(self.store.template(name)["id"])
        return 200, {"deleted": name}

    def _filled(self, name, body):
        template, variables = self.store.template(name), body.get("variables")
        text = prompts.render(template, {} if variables is None else variables, self.flaw)
        return template["id"], text

    def render(self, caller, request, name):
        ident, text = self._filled(name, intake.read_object(request))
        return 200, {"id": ident, "prompt": text}

    def render_named(self, caller, request, name):
        body = intake.read_object(request)
        intake.check(lambda b: intake.fields.need(b, "templateId"), body)
        ident, text = self._filled(intake.check(
            lambda b: intake.fields.text(b, "templateId"), body), body)
        return 200, {"templateId": ident, "text": text}

    def look_up(self, caller, request, name):
        key = intake.check(lambda b: intake.fields.need(b, "key"), intake.read_object(request))
        return self.get_cached(caller, request, key)

    def get_cached(self, caller, request, name):
        check_key(name)
        return 200, {"key": name, "response": jsonbody.parse(self.cache.get(caller.tenant, name))}

    def drop_cached(self, caller, request, name):
        check_key(name)
        self.cache.drop(caller.tenant, name)
        return 200, {"deleted": name}
