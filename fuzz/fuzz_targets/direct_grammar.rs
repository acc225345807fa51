//! Fuzzes [`linechat_fuzz::grammars::direct`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::grammars::direct);
