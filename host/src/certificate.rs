//! The certificates of a server, and how they are kept up to date.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use linechat_layers::tls::{
    Certificate, CertificateError, CertificateFiles, Handshakes, Renewable, Validity,
    readable_by_others,
};
use tracing::{error, info, warn};

use crate::cli::CertificateSource;
use crate::log;

/// The certificates of a server: one from each source.
#[derive(Default)]
pub(crate) struct Vault {
    held: Vec<Held>,
    /// Those of all of them, also of those that are not held any more.
    handshakes: Handshakes,
}

/// The same for all who have to do with it.
#[derive(Clone, Default)]
pub(crate) struct SharedVault(Arc<Mutex<Vault>>);

impl SharedVault {
    pub(crate) fn open(&self) -> MutexGuard<'_, Vault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A certificate that is in use, and perhaps the files that it comes from.
struct Held {
    source: CertificateSource,
    renewable: Renewable,
    files: Option<CertificateFiles>,
}

/// Certificates that were loaded, and are not in use yet.
pub(crate) struct Loaded(Vec<Fresh>);

struct Fresh {
    source: CertificateSource,
    /// `None` for one that was made before, and goes on.
    certificate: Option<Certificate>,
    files: Option<CertificateFiles>,
}

impl Vault {
    /// Loads, or makes for these names and its own, what these sources have, and tells what is odd
    /// about it. Nothing changes before it is [held](Self::hold).
    ///
    /// # Errors
    ///
    /// Some files cannot be used.
    pub(crate) fn load<'s>(
        &self,
        sources: impl Iterator<Item = &'s CertificateSource>,
        names: &[String],
    ) -> Result<Loaded, CertificateError> {
        let mut fresh: Vec<Fresh> = Vec::new();
        for source in sources {
            if fresh.iter().any(|known| known.source == *source) {
                continue;
            }
            fresh.push(match source {
                CertificateSource::Files { certificate, key } => {
                    let mut files = CertificateFiles::new(certificate, key);
                    Fresh {
                        source: source.clone(),
                        certificate: Some(load(&mut files)?),
                        files: Some(files),
                    }
                }
                CertificateSource::SelfSigned => Fresh {
                    source: source.clone(),
                    certificate: self.get(source).is_none().then(|| make(names)),
                    files: None,
                },
            });
        }
        Ok(Loaded(fresh))
    }

    /// Has new connections get these certificates from now on, and no others.
    pub(crate) fn hold(&mut self, loaded: Loaded) {
        let mut before = std::mem::take(&mut self.held);
        for fresh in loaded.0 {
            let known = before.iter().position(|held| held.source == fresh.source);
            let held = match (
                known.map(|place| before.swap_remove(place)),
                fresh.certificate,
            ) {
                (Some(mut held), certificate) => {
                    if let Some(certificate) = certificate {
                        held.renewable.renew(certificate);
                        held.files = fresh.files;
                    }
                    held
                }
                (None, Some(certificate)) => Held {
                    source: fresh.source,
                    renewable: Renewable::counting(certificate, self.handshakes.clone()),
                    files: fresh.files,
                },
                (None, None) => continue,
            };
            self.held.push(held);
        }
    }

    /// The certificate from this source, if it is held.
    pub(crate) fn get(&self, source: &CertificateSource) -> Option<&Renewable> {
        let held = self.held.iter().find(|held| held.source == *source);
        held.map(|held| &held.renewable)
    }

    /// Loads anew what comes from files, or what of it comes from files that have changed.
    pub(crate) fn renew(&mut self, is_changed_only: bool) {
        for held in &mut self.held {
            if let Some(files) = &mut held.files
                && (!is_changed_only || files.changed())
            {
                renew(&held.renewable, files);
            }
        }
    }

    /// When the first of them expires, as a time since 1970, if there are any.
    pub(crate) fn expiry(&self) -> Option<Duration> {
        let held = self.held.iter();
        held.map(|held| held.renewable.validity().until).min()
    }

    /// All handshakes that there were.
    pub(crate) fn handshakes(&self) -> &Handshakes {
        &self.handshakes
    }

    /// Whether anything comes from files.
    pub(crate) fn has_files(&self) -> bool {
        self.held.iter().any(|held| held.files.is_some())
    }
}

fn renew(renewable: &Renewable, files: &mut CertificateFiles) {
    match load(files) {
        Ok(certificate) => {
            info!("loaded the certificate anew, for those who connect from now on");
            renewable.renew(certificate);
        }
        Err(error) => error!("{error}; the certificate stays as it was"),
    }
}

/// Makes a certificate for these names and its own.
fn make(names: &[String]) -> Certificate {
    let names = names.iter().cloned();
    let names = names.chain(OWN_NAMES.map(str::to_owned));
    let certificate = Certificate::self_signed(names);
    log::certificate_made(certificate.pin());
    certificate
}

/// Loads a certificate, and warns of what an operator should know.
fn load(files: &mut CertificateFiles) -> Result<Certificate, CertificateError> {
    let certificate = files.load()?;
    warn_of_readers(files.key());
    warn_of_time(files.certificate(), certificate.validity());
    Ok(certificate)
}

fn warn_of_readers(key: &Path) {
    if readable_by_others(key) {
        let key = key.display();
        warn!("every user of this machine can read the key in {key}: `chmod 600 {key}`");
    }
}

fn warn_of_time(file: &Path, validity: Validity) {
    let file = file.display();
    let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else {
        return;
    };
    if validity.is_over(now) {
        warn!(
            "the certificate in {file} has expired: clients refuse it, renew it (it is loaded when \
             the file changes)"
        );
    } else if validity.is_to_come(now) {
        warn!(
            "the certificate in {file} is not valid yet: clients refuse it until then, look at this \
             machine's clock"
        );
    }
}

/// What a server goes by that nobody has named.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn files_that_change_are_loaded_and_bad_ones_are_not() {
        let folder = TempDir::new().unwrap();
        let source = write_pair(&folder, "a", 2040);
        let mut vault = Vault::default();
        vault.hold(vault.load([&source].into_iter(), &[]).unwrap());
        let until = |vault: &Vault| vault.get(&source).unwrap().validity().until;
        let first = until(&vault);

        vault.renew(true);
        assert_eq!(until(&vault), first);
        write_pair(&folder, "a", 2041);
        vault.renew(true);
        let next = until(&vault);
        assert!(next > first);

        fs::write(folder.path().join("a.pem"), "nonsense").unwrap();
        vault.renew(true);
        assert_eq!(until(&vault), next);
        write_pair(&folder, "a", 2042);
        vault.renew(false);
        assert!(until(&vault) > next);
    }

    #[test]
    fn each_source_is_held_once_and_for_as_long_as_it_is_named() {
        let folder = TempDir::new().unwrap();
        let (one, other) = (
            write_pair(&folder, "a", 2040),
            write_pair(&folder, "b", 2050),
        );
        let mut vault = Vault::default();
        let named = [&one, &other, &one];
        vault.hold(vault.load(named.into_iter(), &[]).unwrap());
        assert_eq!(vault.held.len(), 2);
        let before = vault.get(&one).unwrap().clone();
        write_pair(&folder, "a", 2041);
        vault.hold(vault.load([&one].into_iter(), &[]).unwrap());
        assert_eq!(vault.held.len(), 1);
        // Who has the old name of it has the new one, too.
        assert_eq!(before.validity(), vault.get(&one).unwrap().validity());
    }

    #[test]
    fn one_that_was_made_goes_on_and_one_bad_file_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let made = CertificateSource::SelfSigned;
        let mut vault = Vault::default();
        vault.hold(vault.load([&made].into_iter(), &[]).unwrap());
        let pin = |vault: &Vault| vault.get(&made).unwrap().validity();
        let first = pin(&vault);
        let bad = write_pair(&folder, "bad", 2040);
        fs::write(folder.path().join("bad.pem"), "nonsense").unwrap();
        assert!(vault.load([&made, &bad].into_iter(), &[]).is_err());
        vault.hold(vault.load([&made].into_iter(), &[]).unwrap());
        assert_eq!(pin(&vault), first);
    }

    /// A pair of this name that is valid until this year.
    fn write_pair(folder: &TempDir, name: &str, year: i32) -> CertificateSource {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut names = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        names.not_after = rcgen::date_time_ymd(year, 1, 1);
        let certificate = names.self_signed(&key).unwrap();
        let files = [format!("{name}.pem"), format!("{name}.key")];
        let [chain, secret] = files.map(|file| folder.path().join(file));
        fs::write(&chain, certificate.pem()).unwrap();
        fs::write(&secret, key.serialize_pem()).unwrap();
        CertificateSource::Files {
            certificate: chain,
            key: secret,
        }
    }
}
