//! Fuzzes [`linechat_fuzz::link::nats`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::link::nats);
