//! Fuzzes [`linechat_fuzz::clients::irc`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::clients::irc);
