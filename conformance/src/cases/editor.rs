//! The line editor of `connect`.

use super::at_terminal::{Talk, talk, talk_after};
use super::*;

cases![
    a_line_is_edited_and_sent_as_it_is_seen,
    lines_come_back_from_the_history,
    the_history_is_searched_while_one_types,
    what_was_killed_is_yanked_and_changes_are_undone,
    ctrl_c_clears_the_line_and_then_leaves,
    ctrl_d_on_an_empty_line_leaves,
    escape_swallows_no_key,
    what_is_no_utf_8_is_taken_for_latin_1,
    pasted_lines_are_shown_and_asked_about,
    one_pasted_line_is_text,
    a_line_longer_than_the_screen_stays_in_its_row,
    a_window_that_is_resized_shows_the_line_once,
    a_terminal_that_wraps_what_no_longer_fits_shows_the_line_once_too,
    ctrl_z_suspends_and_the_line_is_still_there_afterwards,
    a_line_that_was_not_entered_stays_to_be_seen,
];

fn a_line_is_edited_and_sent_as_it_is_seen(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal
        .press("helo wörld 漢\x1b[D\x1b[D\x7f\x1b[1;5D");
    talk.terminal
        .press("\x1b[3~\x1b[3~W\x01\x1b[C\x1b[Ce\x08l\x05!\r");
    talk.server.expect("hello Wrl 漢!\n");
    talk.terminal.press("one two\x17\x15three\n");
    talk.server.expect("three\n");
}

fn ctrl_c_clears_the_line_and_then_leaves(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("never sent");
    talk.terminal.wait_for_edited("> never sent");
    talk.terminal.press("\x03");
    talk.terminal.wait_for_edited("> ");
    talk.terminal.press("\x03");
    talk.server.expect_end();
    talk.ends_with(0);
}

fn ctrl_d_on_an_empty_line_leaves(bench: &Bench) {
    for dialect in ["relay @", "pair @", "direct @"] {
        let mut talk = talk(bench, dialect);
        talk.terminal.press("ab\x01\x04\x04\x04");
        talk.server.expect_end();
        talk.ends_with(0);
    }
}

fn lines_come_back_from_the_history(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("one\rtwo\rdraft\x1b[A\x1b[A");
    talk.terminal.wait_for_edited("> one");
    talk.terminal.press("\x1b[B\x1b[B");
    talk.terminal.wait_for_edited("> draft");
    talk.terminal.press("\x10\r");
    talk.server.expect("one\ntwo\ntwo\n");
}

fn a_line_longer_than_the_screen_stays_in_its_row(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let long: String = ('a'..='z').cycle().take(300).collect();
    talk.terminal.press(&long);
    let end = format!("> {}", &long[300 - 77..]);
    talk.terminal.wait_for_edited(&end);
    talk.server.send("above\n");
    talk.terminal.wait_for("above");
    talk.terminal.wait_for_edited(&end);
    talk.terminal.press("\r");
    talk.server.expect(format!("{long}\n"));
}

fn the_history_is_searched_while_one_types(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("green tea\rcoffee\rblack tea\r");
    talk.server.expect("green tea\ncoffee\nblack tea\n");
    talk.terminal.press("draft\x12te");
    talk.terminal.wait_for_edited("(match for 'te') black tea");
    talk.terminal.press("\x12");
    talk.terminal.wait_for_edited("(match for 'te') green tea");
    talk.terminal.press("\r");
    talk.server.expect("green tea\n");
    talk.terminal.press("draft\x12cof\x07");
    talk.terminal.wait_for_edited("> draft");
}

fn what_was_killed_is_yanked_and_changes_are_undone(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("one two\x17\x01\x19 \r");
    talk.server.expect("two one \n");
    talk.terminal.press("one\x15two\x15\x19\x1by\r");
    talk.server.expect("one\n");
    talk.terminal.press("one two\x15\x1f\r");
    talk.server.expect("one two\n");
}

fn escape_swallows_no_key(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    // A key that is no part of a sequence, at once and after a while.
    talk.terminal.press("\x1bhell");
    talk.terminal.wait_for_edited("> hell");
    talk.terminal.press("\x1b");
    std::thread::sleep(std::time::Duration::from_millis(300));
    talk.terminal.press("bo\r");
    talk.server.expect("hellbo\n");
}

fn what_is_no_utf_8_is_taken_for_latin_1(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press(b"caf\xe9 cr\xe8me \xfc");
    talk.terminal.wait_for("> café crème ü");
    talk.terminal.press("\r");
    talk.server.expect("café crème ü\n");
}

fn pasted_lines_are_shown_and_asked_about(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let pasted: String = (0..2000).map(|number| format!("line {number}\r")).collect();
    let paste = format!("\x1b[200~{pasted}\x1b[201~");
    talk.terminal.press(&paste);
    talk.terminal.wait_for("line 1999");
    talk.terminal
        .wait_for("send these 2000 pasted lines? (y/n)");
    talk.terminal.press("n");
    talk.terminal.wait_for("nothing was sent");
    talk.terminal.press("by hand\r");
    talk.server.expect("by hand\n");
    talk.terminal.press(&paste);
    talk.terminal
        .wait_for("send these 2000 pasted lines? (y/n)");
    talk.terminal.press("y");
    talk.server.expect(pasted.replace('\r', "\n"));
}

fn one_pasted_line_is_text(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    talk.terminal.press("say \x1b[200~hello\r\x1b[201~");
    talk.terminal.wait_for_edited("> say hello");
    talk.server.expect_silence_so_far();
    talk.terminal.press("!\r");
    talk.server.expect("say hello!\n");
}

fn a_window_that_is_resized_shows_the_line_once(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let long: String = ('a'..='z').cycle().take(70).collect();
    talk.server.send("before\n");
    talk.terminal.wait_for("before");
    talk.terminal.press(&long);
    talk.terminal.wait_for_edited(&format!("> {long}"));
    for columns in [40, 20, 60] {
        talk.terminal.resize(columns);
        let room = usize::from(columns) - 3;
        talk.terminal
            .wait_for_edited(&format!("> {}", &long[70 - room..]));
        let shown = talk.terminal.history();
        let copies = shown.iter().filter(|row| row.starts_with("> "));
        assert_eq!(copies.count(), 1, "{shown:#?}");
        assert!(shown.iter().any(|row| row.contains("before")), "{shown:#?}");
    }
    talk.terminal.press("\r");
    talk.server.expect(format!("{long}\n"));
}

fn a_terminal_that_wraps_what_no_longer_fits_shows_the_line_once_too(bench: &Bench) {
    let mut talk = talk(bench, "relay @");
    let long: String = ('a'..='z').cycle().take(70).collect();
    talk.terminal.press(&long);
    talk.terminal.wait_for_edited(&format!("> {long}"));
    // The one of the suite cuts it off, and does not answer; so it is answered for, as by one that
    // has wrapped 72 columns into rows of 30.
    talk.terminal.resize(30);
    talk.terminal.wait_for_written("\x1b[6n");
    talk.terminal.press("\x1b[5;13R");
    talk.terminal.wait_for_written("\x1b[2A\r\x1b[J");
    talk.terminal
        .wait_for_edited(&format!("> {}", &long[70 - 27..]));
}

fn ctrl_z_suspends_and_the_line_is_still_there_afterwards(bench: &Bench) {
    let script = "set -m; \"$0\" \"$@\"; echo stopped; read line; fg; echo \"status $?\"";
    let Talk {
        mut terminal,
        settings,
        mut client,
        mut server,
        ..
    } = talk_after(bench, "relay @", |launch| launch.in_shell(script));
    terminal.press("half a li");
    terminal.wait_for_edited("> half a li");
    terminal.press("\x1a");
    terminal.wait_for("stopped");
    assert_eq!(terminal.settings(), settings);
    server.send("meanwhile\n");
    terminal.press("\n");
    terminal.wait_for("meanwhile");
    terminal.wait_for_edited("> half a li");
    terminal.press("ne\r");
    server.expect("half a line\n");
    terminal.press("/quit\r");
    server.expect_end();
    drop(server);
    assert_eq!(client.exit_status(), 0);
    terminal.wait_for("status 0");
    assert_eq!(terminal.settings(), settings);
}

fn a_line_that_was_not_entered_stays_to_be_seen(bench: &Bench) {
    let mut talk = talk(bench, "relay @ --no-reconnect");
    let long = "a thought that took a while to type ".repeat(4);
    talk.terminal.press(long.trim_end());
    let end = &long[..long.len() - 1];
    talk.terminal
        .wait_for_edited(&format!("> {}", &end[end.len() - 77..]));
    drop(talk.server);
    assert_eq!(talk.client.exit_status(), 0);
    talk.terminal.wait_for("> a thought");
    let shown = talk.terminal.history().concat();
    assert!(shown.contains(&format!("> {end}")), "{shown}");
}
