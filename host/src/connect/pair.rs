//! `pair`: turns with the operator at the server.

use linechat_protocol::LineEvent;
use linechat_protocol::pair::{Client, Typed as Taken};

use super::talk::{End, Entered, Said, Talk, Typed, complaint, content, server_side_is_client};

/// The client of seed 003.
pub(super) struct Pair {
    client: Client,
}

impl Pair {
    pub(super) fn new(full_duplex: bool) -> Self {
        let client = Client::new();
        Self {
            client: if full_duplex {
                client.full_duplex()
            } else {
                client
            },
        }
    }
}

impl Talk for Pair {
    server_side_is_client!();

    /// Also when too much waits for its turn, `EXIT` has to be found: it does not wait.
    fn takes_lines(&self) -> bool {
        self.client.has_room()
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let (bytes, is_first) = match typed {
            Typed::Line(line) => (content(line), true),
            Typed::Piece { bytes, is_first } => (bytes, is_first),
        };
        if !is_first {
            return Entered::GoOn;
        }
        match self.client.enter(bytes) {
            Ok(Taken::Line) => Entered::GoOn,
            Ok(Taken::Exit) => Entered::Leave,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }

    fn keyboard_ended(&mut self) {
        self.client.finish();
    }

    fn leave(&mut self) {
        // The way to say at any time that nothing waits for its turn any more.
        let _ = self.client.enter(b"EXIT");
    }

    fn poll(&mut self) -> Option<Said> {
        self.client.poll_event().map(|event| match event {
            LineEvent::Line(line) => Said::Line(line),
            LineEvent::Violation(violation) => Said::Hint(complaint(&violation)),
            _ => Said::End(End::Closed),
        })
    }
}
