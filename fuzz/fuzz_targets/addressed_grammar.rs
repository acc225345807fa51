//! Fuzzes [`linechat_fuzz::grammars::addressed`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::grammars::addressed);
