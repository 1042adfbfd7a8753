"""Serves one LiteLLM proxy in the foreground, configured from the command line and cut off from the rest of the world."""

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path


def main() -> None:
    options = parse(sys.argv[1:])
    key = os.environ.get(options.upstream_key_env, "")
    if not key:
        sys.exit(f"litellm: the environment variable {options.upstream_key_env} (--upstream-key-env) is not set")
    isolate(options)
    # Uvicorn raises the signal again after its shutdown; leaving by an exception lets the folder below be removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="litellm-") as folder:
        path = Path(folder) / "config.yaml"
        # JSON is YAML, and quoting is then nobody's concern.
        path.write_text(json.dumps(configuration(options), indent=2), encoding="utf-8")
        serve(path, options.port)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/litellm serve", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True, help="origin of the OpenAI-shaped upstream, without /v1")
    parser.add_argument("--upstream-key-env", required=True, metavar="VAR", help="variable with the upstream's key")
    parser.add_argument("--master-key-env", metavar="VAR", help="variable with the client's key (default: a fixed key)")
    parser.add_argument("--master-key", default="sk-litellm-master", help="the client's key (default: %(default)s)")
    parser.add_argument("--retries", type=int, help="num_retries of the router (default: LiteLLM's own default)")
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds an upstream attempt may take")
    parser.add_argument("--chat-model", default="gpt-4o-mini")
    parser.add_argument("--embedding-model", default="text-embedding-3-small")
    parser.add_argument("--cooldowns", action="store_true", help="keep LiteLLM's cooldowns (off by default)")
    return parser.parse_args(arguments)


def isolate(options: argparse.Namespace) -> None:
    """Leaves nothing in the environment that makes the proxy call, or configure itself from, anywhere else."""
    for name in list(os.environ):
        foreign = name.startswith(("OPENAI_", "LITELLM_", "REDIS_", "DATABASE_", "AZURE_", "LANGFUSE_", "OTEL_"))
        if foreign and name != options.upstream_key_env and name != options.master_key_env:
            del os.environ[name]
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)
    for name in ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS", "AUTOROUTER_PRESETS", "POLICY_TEMPLATES"):
        os.environ[f"LITELLM_LOCAL_{name}"] = "True"
    os.environ["LITELLM_TELEMETRY"] = "False"
    os.environ["LITELLM_LOG"] = "ERROR"


def configuration(options: argparse.Namespace) -> dict:
    router: dict = {"timeout": options.timeout, "stream_timeout": options.timeout}
    if options.retries is not None:
        router["num_retries"] = options.retries
    if not options.cooldowns:
        # A deployment that cools down refuses the requests of later, unrelated cases.
        router["disable_cooldowns"] = True
    master = f"os.environ/{options.master_key_env}" if options.master_key_env else options.master_key
    return {
        "model_list": [
            deployment(options.chat_model, "chat", options),
            deployment(options.embedding_model, "embedding", options),
        ],
        "router_settings": router,
        "litellm_settings": {"telemetry": False, "request_timeout": options.timeout},
        "general_settings": {"master_key": master, "disable_spend_logs": True, "background_health_checks": False},
    }


def deployment(model: str, mode: str, options: argparse.Namespace) -> dict:
    parameters = {
        "model": f"openai/{model}",
        "api_base": f"{options.upstream.rstrip('/')}/v1",
        "api_key": f"os.environ/{options.upstream_key_env}",
    }
    return {"model_name": model, "litellm_params": parameters, "model_info": {"mode": mode}}


def serve(config: Path, port: int) -> None:
    from litellm.proxy.proxy_cli import run_server

    run_server(
        ["--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"],
        standalone_mode=False,
    )


if __name__ == "__main__":
    main()
