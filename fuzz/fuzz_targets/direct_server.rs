//! Fuzzes [`linechat_fuzz::servers::direct`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::servers::direct);
