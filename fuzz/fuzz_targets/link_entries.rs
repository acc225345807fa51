//! Fuzzes [`linechat_fuzz::link::entries`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::link::entries);
