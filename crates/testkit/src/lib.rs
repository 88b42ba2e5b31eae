//! Helpers for tests and tools: golden traces, sound comparison, fixtures. Never shipped.
