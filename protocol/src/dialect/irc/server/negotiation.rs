//! `CAP`: what a client asks for beyond the RFCs (IRCv3, capability-negotiation).

use super::caller::Caller;
use crate::dialect::irc::capability::{CapRequest, Capabilities, NOTIFY_VERSION};
use crate::dialect::irc::numeric::Numeric;
use crate::wire::text::is_refused;

impl Caller<'_> {
    pub(super) fn cap(&mut self, params: &[&str]) {
        match CapRequest::parse(params) {
            None => {
                let subcommand = params.first().copied().unwrap_or_default();
                self.numeric(Numeric::ERR_INVALIDCAPCMD, |line| line.quoted(subcommand));
            }
            Some(CapRequest::Ls(version)) => {
                self.negotiate();
                if version >= NOTIFY_VERSION {
                    self.enable(self.session.capabilities | Capabilities::CAP_NOTIFY);
                }
                self.list_capabilities(Capabilities::ALL, "LS");
            }
            Some(CapRequest::List) => self.list_capabilities(self.session.capabilities, "LIST"),
            Some(CapRequest::Req(request)) => {
                self.negotiate();
                self.request(request);
            }
            Some(CapRequest::End) => {
                if let Some(application) = &mut self.session.application {
                    application.negotiates = false;
                    self.apply();
                }
            }
        }
    }

    fn request(&mut self, request: &str) {
        let mut capabilities = self.session.capabilities;
        let granted = capabilities.apply(request).is_ok();
        if granted {
            self.enable(capabilities);
        }
        let answer = if granted { "ACK" } else { "NAK" };
        // What is granted is in no need of this.
        let request = request.replace(is_refused, "?");
        let nick = self.user().map_or("*".into(), |user| user.name.clone());
        self.message("CAP", |line| {
            line.word(&nick);
            line.word(answer);
            line.text(&request);
        });
    }

    fn list_capabilities(&mut self, capabilities: Capabilities, subcommand: &str) {
        let (pen, _) = self.pen();
        capabilities.write(pen.out, pen.server, pen.nick, subcommand);
    }

    /// Who is not registered is let in once the negotiation has ended.
    fn negotiate(&mut self) {
        if let Some(application) = &mut self.session.application {
            application.negotiates = true;
        }
    }

    /// From now on, the user sees what comes with these capabilities.
    fn enable(&mut self, capabilities: Capabilities) {
        let before = self.ear();
        self.session.capabilities = capabilities;
        let ear = self.ear();
        if before == ear || self.user_id().is_none() {
            return;
        }
        self.floor.set_view(self.conn, capabilities.view());
        let (Some(before), Some(ear)) = (before, ear) else {
            return;
        };
        for name in &self.session.watched {
            self.floor.community.stop_watching(name, before);
            self.floor.community.watch(name, ear);
        }
    }
}
