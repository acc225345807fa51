//! The terminal sessions in the documents: who types what is typed there has to see exactly what is
//! seen there, but for the time.

use super::*;
use crate::documents::README;
use crate::terminal::Terminal;

cases![what_the_readme_shows_of_a_terminal_is_seen];

fn what_the_readme_shows_of_a_terminal_is_seen(bench: &Bench) {
    let mut shown = 0;
    for (command, rows) in README.terminals() {
        play(bench, command, &rows);
        shown += 1;
    }
    assert!(shown > 0, "there is a session in the README");
}

fn play(bench: &Bench, command: &str, rows: &[&str]) {
    let server = bench.serve("rooms");
    let address = server.door().to_string();
    let mut bob = user(&server, "bob");
    bob.send("!enter kitchen\n");
    heard_nothing_else(&mut bob);
    let mut terminal = Terminal::open();
    let command = command.replace("rooms", &format!("rooms {address}"));
    let mut client = bench.start_on(bench.launch(&command), &terminal);
    for row in rows {
        let row = row.replace("127.0.0.1:8888", &address);
        match row.split_once("> ") {
            Some((prompt, typed)) => {
                terminal.wait_for_edited(&format!("{prompt}> "));
                terminal.press(format!("{typed}\r"));
                if let Some(room) = typed.strip_prefix("/join ") {
                    let members = format!("!members {room}\n");
                    until_answered(&mut bob, &members, "alice bob\r\n");
                }
            }
            None => {
                bob.send(said(&row));
                terminal.wait_for(without_time(&row));
            }
        }
    }
    assert_eq!(client.exit_status(), 0);
    let expected = rows
        .iter()
        .map(|row| row.replace("127.0.0.1:8888", &address));
    let expected: Vec<_> = expected.map(|row| without_time(&row).to_owned()).collect();
    eventually("the screen is as in the README", || {
        let seen = terminal.history();
        let seen = seen.iter().map(|row| without_time(row.trim_end()));
        let seen = seen.filter(|row| !row.is_empty());
        seen.eq(expected.iter().map(String::as_str)).then_some(())
    });
}

/// What bob has to send for a row, if it is his.
fn said(row: &str) -> String {
    match without_time(row).split_once("bob: ") {
        Some(("", text)) => format!("{text}\n"),
        Some(("#", text)) => format!("#alice {text}\n"),
        Some((room, text)) if room.starts_with('@') => format!("{room}{text}\n"),
        _ => String::new(),
    }
}

fn without_time(row: &str) -> &str {
    let is_time = |time: &str| {
        let digits = time.bytes().filter(u8::is_ascii_digit).count();
        digits == 6 && time.matches(':').count() == 2
    };
    match row.split_once(' ') {
        Some((time, rest)) if is_time(time) => rest,
        _ => row,
    }
}
