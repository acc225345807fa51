//! `man` and `completions`: what the command line says of itself, in other forms.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

/// Print the manual page, or write it and those of the subcommands into a directory
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The directory, which is made if it is not there
    directory: Option<PathBuf>,
}

/// Print what a shell completes this command line with
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// What the command line says of itself.
#[derive(Debug)]
pub(crate) enum Manual {
    /// Manual pages of this command.
    Pages(Box<Command>, ManArgs),
    /// Completions of this command.
    Completions(Box<Command>, CompletionsArgs),
}

impl Manual {
    /// Prints or writes it.
    ///
    /// # Errors
    ///
    /// The system's, where standard output or a file cannot be written.
    pub(crate) fn produce(self) -> io::Result<()> {
        match self {
            Self::Pages(command, args) => match args.directory {
                Some(directory) => {
                    fs::create_dir_all(&directory)?;
                    clap_mangen::generate_to(*command, directory)
                }
                None => print(&page(*command)?),
            },
            Self::Completions(command, args) => print(completions(*command, args.shell).as_bytes()),
        }
    }
}

/// A script for a shell. That for bash looks for its own parts in vain if there is a dash in the name
/// of the program (clap_complete 4.6.11), so it is made for a name without.
fn completions(mut command: Command, shell: Shell) -> String {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    if shell == Shell::Bash {
        let plain = name.replace('-', "_");
        clap_complete::generate(shell, &mut command, &plain, &mut script);
        return String::from_utf8_lossy(&script).replace(&plain, &name);
    }
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page)?;
    Ok(page)
}

fn print(bytes: &[u8]) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use tempfile::TempDir;

    use super::*;
    use crate::cli::command;

    #[test]
    fn there_is_a_page_for_each_subcommand_that_is_not_hidden() {
        let parent = TempDir::new().unwrap();
        let folder = parent.path().join("man1");
        let args = ManArgs {
            directory: Some(folder.clone()),
        };
        let command = command("linechat-test", "1.2.3");
        Manual::Pages(Box::new(command), args).produce().unwrap();
        let page = |name: &str| fs::read_to_string(folder.join(name));
        assert!(page("linechat-test.1").unwrap().contains("1.2.3"));
        let serve = page("linechat-test-serve.1").unwrap();
        assert!(serve.contains(r"\-\-max\-line"), "{serve}");
        assert!(!serve.contains("passed"), "{serve}");
        page("linechat-test-connect.1").unwrap();
        for none in ["linechat-test-version.1", "linechat-test-help.1"] {
            page(none).unwrap_err();
        }
    }

    #[test]
    fn every_shell_completes_options() {
        for &shell in Shell::value_variants() {
            let script = completions(command("linechat-test", "1.2.3"), shell);
            assert!(script.contains("max-line"), "{shell}");
        }
    }
}
