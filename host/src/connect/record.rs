//! `--log`: a file that keeps what was shown.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use jiff::Zoned;

use super::pieces::Pieces;
use crate::escaped::Escaped;

/// A file to which lines are appended, each with its day and time.
pub(crate) struct Record {
    file: File,
    /// The beginning of a line.
    partial: Pieces,
}

impl Record {
    /// # Errors
    ///
    /// The system's, where the file cannot be opened.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let partial = Pieces::default();
        Ok(Self { file, partial })
    }

    /// Appends a line, in which nothing may be that a terminal would obey.
    ///
    /// # Errors
    ///
    /// The system's: the disk is full, for example.
    pub(crate) fn add(&mut self, line: &str) -> io::Result<()> {
        append(&mut self.file, line)
    }

    /// Appends the lines that end in `bytes`, escaped.
    ///
    /// # Errors
    ///
    /// Those of [`add`](Self::add).
    pub(super) fn add_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Self { file, partial } = self;
        let mut added = Ok(());
        partial.push(bytes, |line| {
            if added.is_ok() {
                added = append(file, &Escaped(line).to_string());
            }
        });
        added
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.partial.is_empty() {
            // Nobody is left to tell if this fails.
            let _ = self.add_bytes(b"\n");
        }
    }
}

fn append(file: &mut File, line: &str) -> io::Result<()> {
    let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string();
    file.write_all(format!("{time} {line}\n").as_bytes())
}
