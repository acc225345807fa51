//! One layer inside another.

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage, Peer};

/// One layer inside another: what the outer one has for plain, the inner one has for wire. As
/// WebSocket inside TLS.
#[derive(Debug)]
pub struct Stacked<Outer, Inner> {
    outer: Outer,
    inner: Inner,
}

impl<Outer: Layer, Inner: Layer> Stacked<Outer, Inner> {
    /// `inner` inside of `outer`.
    pub fn new(outer: Outer, inner: Inner) -> Self {
        Self { outer, inner }
    }

    /// Has the inner layer write, and the outer one carry it.
    fn inside<T>(
        &mut self,
        wire: &mut BytesMut,
        write: impl FnOnce(&mut Inner, &mut BytesMut) -> T,
    ) -> T {
        let mut between = BytesMut::new();
        let result = write(&mut self.inner, &mut between);
        if !between.is_empty() {
            self.outer.seal(&between, wire);
        }
        result
    }
}

impl<Outer: Layer, Inner: Layer> Layer for Stacked<Outer, Inner> {
    fn receive(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        let mut between = Vec::new();
        let result = self.outer.receive(now, received, &mut between, wire);
        if !between.is_empty() {
            self.inside(wire, |inner, wire| {
                inner.receive(now, &between, plain, wire)
            })?;
        }
        result
    }

    /// The inner layer does not end where the outer one was cut off.
    fn receive_eof(&mut self) -> LayerEnd {
        match self.outer.receive_eof() {
            LayerEnd::Authentic => self.inner.receive_eof(),
            LayerEnd::CutOff => LayerEnd::CutOff,
        }
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        self.inside(wire, |inner, wire| inner.seal(plain, wire));
    }

    fn finish(&mut self, reason: CloseReason, wire: &mut BytesMut) {
        self.inside(wire, |inner, wire| inner.finish(reason, wire));
        self.outer.finish(reason, wire);
    }

    fn stage(&self) -> LayerStage {
        match (self.outer.stage(), self.inner.stage()) {
            (LayerStage::Open, inner) => inner,
            (LayerStage::InputEnded, LayerStage::Opening) => LayerStage::Ended,
            (LayerStage::InputEnded, LayerStage::Open) => LayerStage::InputEnded,
            (LayerStage::InputEnded, inner) => inner,
            (outer, _) => outer,
        }
    }

    fn peer(&self) -> Option<Peer> {
        self.inner.peer().or_else(|| self.outer.peer())
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.outer.deadline(), self.inner.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn expire(&mut self, now: Instant, wire: &mut BytesMut) -> Result<(), LayerError> {
        let has_passed = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if has_passed(self.outer.deadline()) {
            self.outer.expire(now, wire)?;
        }
        if has_passed(self.inner.deadline()) {
            self.inside(wire, |inner, wire| inner.expire(now, wire))?;
        }
        Ok(())
    }

    /// Who is late says so: the inner layer, once the outer one is open.
    fn opening_timed_out(&mut self, wire: &mut BytesMut) {
        match self.outer.stage() {
            LayerStage::Opening => self.outer.opening_timed_out(wire),
            _ => self.inside(wire, |inner, wire| inner.opening_timed_out(wire)),
        }
    }
}
