//! The certificate of a server, and how it is kept up to date.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use linechat_driver::Observer;
use linechat_layers::tls::{
    Certificate, CertificateError, CertificateFiles, Renewable, Validity, readable_by_others,
};
use linechat_protocol::{Event, Instant, Server};
use tracing::{error, info, warn};

use crate::cli::CertificateSource;
use crate::log;

/// The certificate that a server has, and perhaps the files that it comes from.
pub(crate) struct Credentials {
    pub(crate) renewable: Renewable,
    files: Option<CertificateFiles>,
}

impl Credentials {
    /// Loads a certificate, or makes one for these names and its own, and tells what is odd about it.
    ///
    /// # Errors
    ///
    /// The files cannot be used.
    pub(crate) fn open(
        source: &CertificateSource,
        names: &[String],
    ) -> Result<Self, CertificateError> {
        match source {
            CertificateSource::Files { certificate, key } => {
                let mut files = CertificateFiles::new(certificate, key);
                let renewable = Renewable::new(load(&mut files)?);
                let files = Some(files);
                Ok(Self { renewable, files })
            }
            CertificateSource::SelfSigned => {
                let names = names.iter().cloned();
                let names = names.chain(OWN_NAMES.map(str::to_owned));
                let certificate = Certificate::self_signed(names);
                log::certificate_made(certificate.pin());
                let renewable = Renewable::new(certificate);
                let files = None;
                Ok(Self { renewable, files })
            }
        }
    }

    /// The duty to load the certificate anew when its files change, and when `is_asked` is set.
    /// There is none where it comes from no file.
    pub(crate) fn renewal(self, is_asked: Arc<AtomicBool>) -> Option<Box<dyn Observer>> {
        Some(Box::new(Renewal {
            renewable: self.renewable,
            files: self.files?,
            is_asked,
            due: None,
        }))
    }
}

/// Loads a certificate anew, between two turns of the server.
struct Renewal {
    renewable: Renewable,
    files: CertificateFiles,
    /// It is to be loaded, whether the files have changed or not.
    is_asked: Arc<AtomicBool>,
    /// When the files are looked at next.
    due: Option<Instant>,
}

impl Renewal {
    fn renew(&mut self) {
        match load(&mut self.files) {
            Ok(certificate) => {
                info!("loaded the certificate anew, for those who connect from now on");
                self.renewable.renew(certificate);
            }
            Err(error) => error!("{error}; the certificate stays as it was"),
        }
    }
}

impl Observer for Renewal {
    fn event(&mut self, _event: &Event) {}

    fn turned(&mut self, now: Instant, _server: &mut Server) {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due || self.due.is_none() {
            self.due = Some(now + INTERVAL);
        }
        if self.is_asked.swap(false, Ordering::SeqCst) || is_due && self.files.changed() {
            self.renew();
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Loads a certificate, and warns of what an operator should know.
fn load(files: &mut CertificateFiles) -> Result<Certificate, CertificateError> {
    let certificate = files.load()?;
    warn_of_readers(files.key());
    warn_of_time(certificate.validity());
    Ok(certificate)
}

fn warn_of_readers(key: &Path) {
    if readable_by_others(key) {
        let key = key.display();
        warn!("every user of this machine can read the key in {key}: `chmod 600 {key}`");
    }
}

fn warn_of_time(validity: Validity) {
    let Ok(now) = SystemTime::now().duration_since(UNIX_EPOCH) else {
        return;
    };
    if validity.is_over(now) {
        warn!("the certificate has expired: clients will refuse it until there is a new one");
    } else if validity.is_to_come(now) {
        warn!("the certificate is not valid yet: clients will refuse it until it is");
    }
}

/// What a server goes by that nobody has named.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use linechat_protocol::Limits;

    use super::*;

    #[test]
    fn files_that_change_are_loaded_within_a_minute_and_others_are_left_alone() {
        let folder = Folder::new("renewal");
        folder.write_pair(2040);
        let mut renewal = renewal(&folder);
        let mut server = Server::new(Limits::default()).unwrap();
        let second = |count| Instant::EPOCH + Duration::from_secs(count);
        renewal.turned(second(1), &mut server);
        let first = renewal.renewable.validity();
        assert_eq!(renewal.due(), Some(second(61)));

        folder.write_pair(2041);
        renewal.turned(second(60), &mut server);
        assert_eq!(renewal.renewable.validity(), first);
        renewal.turned(second(61), &mut server);
        let next = renewal.renewable.validity();
        assert!(next.until > first.until);
        assert_eq!(renewal.due(), Some(second(121)));

        fs::write(folder.0.join("cert.pem"), "nonsense").unwrap();
        renewal.turned(second(121), &mut server);
        assert_eq!(renewal.renewable.validity(), next);
        renewal.is_asked.store(true, Ordering::SeqCst);
        folder.write_pair(2042);
        renewal.turned(second(122), &mut server);
        assert!(renewal.renewable.validity().until > next.until);
        assert_eq!(renewal.due(), Some(second(181)));
    }

    fn renewal(folder: &Folder) -> Renewal {
        let mut files = CertificateFiles::new(folder.0.join("cert.pem"), folder.0.join("key.pem"));
        Renewal {
            renewable: Renewable::new(load(&mut files).unwrap()),
            files,
            is_asked: Arc::default(),
            due: None,
        }
    }

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("linechat-{name}-{}", std::process::id());
            let folder = std::env::temp_dir().join(name);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        /// A pair that is valid until this year.
        fn write_pair(&self, year: i32) {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut names = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
            names.not_after = rcgen::date_time_ymd(year, 1, 1);
            let certificate = names.self_signed(&key).unwrap();
            fs::write(self.0.join("cert.pem"), certificate.pem()).unwrap();
            fs::write(self.0.join("key.pem"), key.serialize_pem()).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
