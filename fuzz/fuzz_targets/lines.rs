//! Fuzzes [`linechat_fuzz::lines::cut_anywhere`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::lines::cut_anywhere);
