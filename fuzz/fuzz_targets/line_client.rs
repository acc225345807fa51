//! Fuzzes [`linechat_fuzz::clients::line`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::clients::line);
