//! The lvs.cf configuration language: lossless document, typed configuration, diagnostics.
