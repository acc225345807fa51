//! Nobody says anything.

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::login;
use crate::wire::{Role, Wire};

/// Users who do nothing but answer the server.
pub(crate) struct Idle(pub(crate) Wire);

impl Script for Idle {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        login::answer(crowd, self.0, Role::User, client, line)?;
        Ok(())
    }

    fn act(&mut self, _crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}
