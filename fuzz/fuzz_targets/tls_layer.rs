//! Fuzzes [`linechat_fuzz::layers::tls`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::layers::tls);
