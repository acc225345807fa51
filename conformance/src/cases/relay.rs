//! `relay`: everybody gets what the others sent.

use super::*;

cases![
    a_message_reaches_all_others_unchanged_and_never_the_sender,
    a_message_that_nobody_was_there_for_is_not_kept,
    those_who_left_are_not_missed,
    a_console_takes_part,
];

fn a_message_reaches_all_others_unchanged_and_never_the_sender(bench: &Bench) {
    let server = bench.serve("relay");
    let mut a = server.peer("a");
    let mut b = relay_peer(&server, "b", &mut [&mut a]);
    let mut c = relay_peer(&server, "c", &mut [&mut a, &mut b]);
    a.send("from a\n");
    b.expect("from a\n");
    c.expect("from a\n");
    b.send("from b\r\n");
    a.expect("from b\r\n");
    c.expect("from b\r\n");
    c.send("\n");
    a.expect("\n");
    b.expect("\n");
    // Had anybody been sent their own message, it would come before this one.
    relay_peer(&server, "d", &mut [&mut a, &mut b, &mut c]);
}

fn a_message_that_nobody_was_there_for_is_not_kept(bench: &Bench) {
    let server = bench.serve("relay");
    let mut alone = server.peer("alone");
    alone.send("anybody?\n");
    alone.half_close();
    alone.expect_end();
    let mut late = server.peer("late");
    relay_peer(&server, "other", &mut [&mut late]);
}

fn those_who_left_are_not_missed(bench: &Bench) {
    let server = bench.serve("relay");
    let mut stays = server.peer("stays");
    for _ in 0..5 {
        relay_peer(&server, "resets", &mut [&mut stays]).reset();
        drop(relay_peer(&server, "vanishes", &mut [&mut stays]));
    }
    let mut other = relay_peer(&server, "other", &mut [&mut stays]);
    stays.send("still here\n");
    other.expect("still here\n");
}

fn a_console_takes_part(bench: &Bench) {
    let mut server = bench.serve("relay --stdio");
    let mut console = server.console("console");
    let mut peer = relay_peer(&server, "peer", &mut [&mut console]);
    console.send("from the console\n");
    peer.expect("from the console\n");
    console.half_close();
    relay_peer(&server, "next", &mut [&mut peer]);
}
