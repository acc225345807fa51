//! Fuzzes [`linechat_fuzz::irc::grammar`].
#![cfg_attr(fuzzing, no_main)]

linechat_fuzz::target!(linechat_fuzz::irc::grammar);
