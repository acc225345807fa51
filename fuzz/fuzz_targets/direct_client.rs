//! Fuzzes [`linechat_fuzz::clients::direct`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::clients::direct);
