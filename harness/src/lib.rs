//! Proves that an LLM gateway keeps its documented error contract.
