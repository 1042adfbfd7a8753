//! A scripted LLM provider.
