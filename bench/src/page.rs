//! The page about a matrix.

use crate::failure::Failure;
use crate::matrix::{MatrixOptions, Results};

pub(crate) fn write(results: &Results, options: &MatrixOptions) -> Result<(), Failure> {
    let _ = (results, options);
    Ok(())
}
