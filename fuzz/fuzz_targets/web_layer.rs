//! Fuzzes [`linechat_fuzz::layers::web`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::layers::web);
