//! Fuzzes [`linechat_fuzz::servers::addressed`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::servers::addressed);
